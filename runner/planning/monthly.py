"""What a suite will be asked and charged in a month: from its recorded runs, else guessed. Feeds ``planning``. Pure."""

from __future__ import annotations

from collections.abc import Sequence

from probes.endpoint import Endpoint
from probes.suite import Suite
from reports.plan.record import Monthly
from reports.summary import RunRecord
from runner.limits.estimate import counted, first_estimate, most_tokens

MONTHS = 12


def monthly(
    suite: Suite, endpoint: str, records: Sequence[RunRecord], *, runs_per_year: float, samples_factor: int = 1
) -> Monthly:
    """``records`` are recent runs of the suite at the endpoint; runs that asked only part of it tell nothing."""
    runs = runs_per_year / MONTHS
    whole = [record for record in records if _whole(suite, record)]
    consulted, tokens, usd = _recorded(whole) if whole else (0.0, *_guessed(suite, endpoint))
    return Monthly(
        requests=round(runs * samples_factor * (_asked(suite) + consulted)),
        tokens=None if tokens is None else round(runs * samples_factor * tokens),
        usd=None if usd is None else runs * samples_factor * usd,
        recorded=bool(whole),
    )


def _whole(suite: Suite, record: RunRecord) -> bool:
    samples = record.samples
    return len(samples) == _samples(suite) and all(sample.failure is None for sample in samples)


def _samples(suite: Suite) -> int:
    return sum(suite.samples_of(probe) for probe in suite.probes)


def _asked(suite: Suite) -> float:
    """Requests of one run: every turn of a script is one."""
    return float(sum(suite.samples_of(probe) * max(1, len(probe.turns)) for probe in suite.probes))


def _recorded(records: Sequence[RunRecord]) -> tuple[float, float | None, float | None]:
    """Of one run, on average: what judges were asked, and tokens and dollars of all (None where one told none)."""
    charged = [one for record in records for one in record.charged]
    tokens = [counted(one.usage) for one in charged]
    costs = [one.cost_usd for one in charged]
    consulted = sum(len(record.consultations) for record in records) / len(records)
    return consulted, _mean(tokens, len(records)), _mean(costs, len(records))


def _mean(values: Sequence[float | None], runs: int) -> float | None:
    known = [value for value in values if value is not None]
    return sum(known) / runs if len(known) == len(values) else None


def _guessed(suite: Suite, endpoint: str) -> tuple[float | None, float | None]:
    """As for spending caps: characters / 4, and the longest answer that is allowed; None where none is set."""
    place = suite.endpoints[endpoint]
    guesses = [_guess(place, suite, position) for position in range(len(suite.probes))]
    tokens, usd = [guess[0] for guess in guesses], [guess[1] for guess in guesses]
    return _mean(tokens, 1), _mean(usd, 1)


def _guess(place: Endpoint, suite: Suite, position: int) -> tuple[float | None, float | None]:
    probe = suite.probes[position]
    if not most_tokens({**place.params, **probe.params}):
        return None, None  # nobody can know how long the answers will be
    first, times = first_estimate(place, [probe]), suite.samples_of(probe) * max(1, len(probe.turns))
    return first.tokens * times, None if first.usd is None else first.usd * times
