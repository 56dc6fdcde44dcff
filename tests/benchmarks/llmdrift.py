"""Runs until real recorded answers of a newer model are told from those of the older one, pooled over a task.

``python -m tests.benchmarks.llmdrift FOLDER``, with the CSV files of the LLMDrift study (Chen, Zaharia and Zou,
arXiv 2307.09009) in FOLDER. Ten questions make a run. Six hundred questions, or half of them where there are fewer,
are the baseline; then the same model answers the others (nothing changed), or the newer one answers all of them.
"""

from __future__ import annotations

import argparse
import csv
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from checks.drift.answers import AnswerMachine
from checks.drift.evidence import Gathered
from checks.drift.wording import key_of
from tests.benchmarks.judge_continuous import PLAN
from tests.benchmarks.judge_events import quantiles

_A_RUN = 10
_SPLITS = 20
_MOST = 400  # questions after the baseline
_PAIRS = (("gpt-3.5-turbo-0301", "gpt-3.5-turbo-0613"), ("gpt-4-0314", "gpt-4-0613"))
_SPECIFIED = {
    ("PRIME_FULL_EVAL", "gpt-3.5-turbo-0301"): "3/7",
    ("PRIME_FULL_EVAL", "gpt-4-0314"): "2/2",
    ("SENSITIVEQ_EVAL", "gpt-3.5-turbo-0301"): "4/7",
    ("SENSITIVEQ_EVAL", "gpt-4-0314"): "5/8",
}


def recorded(folder: Path, task: str, model: str) -> dict[str, str]:
    """Keys of the answers by the question's id. Raises ``OSError`` where the file cannot be read."""
    csv.field_size_limit(10**8)
    with (folder / f"{task}.csv").open(encoding="utf-8", newline="") as lines:
        rows = [row for row in csv.DictReader(lines) if row["model"] == f"openaichat/{model}"]
    return {f"{row['dataset']} {row['id']}": key_of(row["answer"]) for row in rows}


def _runs(answers: Sequence[str]) -> list[Gathered]:
    whole = len(answers) // _A_RUN
    parts = (list(answers[at * _A_RUN : (at + 1) * _A_RUN]) for at in range(whole))
    return [Gathered(run_id=str(at), day="2023-03-01", told={"task": part}) for at, part in enumerate(parts)]


def until_alarm(baseline: Sequence[str], later: Sequence[str]) -> tuple[int | None, float, int]:
    """Runs until the alarm, the highest score on the way, and how many runs there were."""
    machine, top = AnswerMachine(), 0.0
    formed = machine.form(_runs(baseline), PLAN)
    if formed is None:
        raise ValueError("too few answers for a baseline")
    detector = formed.detector
    for number, run in enumerate(_runs(later), start=1):
        stepped = machine.step(formed.baseline, detector, run, PLAN, alarmed=False)
        if stepped is None:
            raise ValueError("every run has answers")
        detector, top = stepped[0], max(top, stepped[1].score)
        if stepped[1].score >= 100:
            return number, top, len(later) // _A_RUN
    return None, top, len(later) // _A_RUN


def main() -> int:
    """Print one row for each task and model."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path)
    folder = parser.parse_args().folder
    print(f"{'task, model':<44}{'changed, median/90 %':<34}{'specification':<16}unchanged: alarms, top score")
    for task in ("PRIME_FULL_EVAL", "SENSITIVEQ_EVAL"):
        for old, new in _PAIRS:
            before, after = recorded(folder, task, old), recorded(folder, task, new)
            questions, changed, same, most = [q for q in before if q in after], [], [], 0
            for seed in range(_SPLITS):
                order = np.random.default_rng(seed).permutation(len(questions)).tolist()
                size = 600 if len(order) > 600 else len(order) // 2 // _A_RUN * _A_RUN
                first, rest = ([questions[at] for at in part] for part in (order[:size], order[size : size + _MOST]))
                again = [questions[at] for at in np.random.default_rng(100 + seed).permutation(len(order))[:_MOST]]
                baseline = [before[question] for question in first]
                found, _, most = until_alarm(baseline, [after[question] for question in again])
                changed.append(found)
                same.append(until_alarm(baseline, [before[question] for question in rest]))
            alarms, top = sum(found is not None for found, _, _ in same), max(score for _, score, _ in same)
            told = f"{alarms} of {_SPLITS}, {top:.0f}"
            print(f"{f'{task}, {old}':<44}{quantiles(changed, most):<34}{_SPECIFIED[task, old]:<16}{told}", flush=True)
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
