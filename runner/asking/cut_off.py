"""What is said of a run whose time was over before everything had come. Feeds ``firing``; pure."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from probes.sample import Sample
from probes.time_limit import TimeLimit
from reports import tally
from reports.wording import count
from runner.preparing.orders import Consulted


def cut_off_words(asking: TimeLimit, samples: Sequence[Sample], judging: TimeLimit, consulted: Consulted) -> str:
    """``cut off at the run's time limit of 20m: 2 of 6 samples back, 3 under way, 1 not asked``; else empty.

    Args:
        asking: The limit as the samples met it.
        samples: All of them.
        judging: The limit as the questions to judges met it.
        consulted: What judges said.
    """
    told = [*_of_samples(asking, samples)] if asking.reached else []
    told += [*_of_judges(consulted)] if judging.reached else []
    return f"cut off at {asking}: {', '.join(told)}" if told else ""


def _of_samples(asking: TimeLimit, samples: Sequence[Sample]) -> Iterator[str]:
    held = len(tally.held(samples))
    yield f"{len(samples) - asking.cut - held} of {count(len(samples), 'sample')} back"
    if asking.cut:
        yield f"{asking.cut} under way"
    if held:
        yield f"{held} not asked"


def _of_judges(consulted: Consulted) -> Iterator[str]:
    if not consulted.consultations:
        yield "no judge asked in time"
        return
    lost = sum(told.failure is not None for told in consulted.consultations)
    yield f"{lost} of {count(len(consulted.consultations), 'question')} about the answers without a reply"
