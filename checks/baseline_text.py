"""The text of a baseline file: JSON with sorted keys that people can review, and back, checked. Pure.

Wire format ``holdfast.baseline/1`` (docs/baselines.md): ``probes`` is for people and is recomputed from ``record``
when the file is read, so that what was reviewed is what is used; ``sha256`` is over all of it but itself.
"""

from __future__ import annotations

import hashlib
import json
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import fields
from typing import Any

from pydantic import TypeAdapter, ValidationError

from checks.baseline_file import SCHEMA, BaselineFile, FileAct, FileRun, ProbeShown
from checks.baseline_layout import laid_out
from checks.baseline_possible import impossible
from checks.drift.observation import ProbeObservation, SampleFacts
from checks.drift.plan import JudgePlan
from probes.errors import InputError, Problem

_ANSWERS_SHOWN = 10
_ANSWER_CHARS = 200
_FILE = TypeAdapter(BaselineFile)
_RUN = TypeAdapter(FileRun)
_ACT = TypeAdapter(FileAct)
_FACTS = frozenset(field.name for field in fields(SampleFacts))
_OBSERVED = frozenset(field.name for field in fields(ProbeObservation))
_RUNS = frozenset(field.name for field in fields(FileRun))
_HEAD = ("suite", "endpoint", "protocol", "holdfast", "exported_at", "author", "reason", "answers_told")
_KIND = SCHEMA.partition("/")[0] + "/"
_PLAN = TypeAdapter(JudgePlan)
_KEYS = frozenset((*_HEAD, "schema", "sha256", "probes", "acts", "record"))


# ------------------------------------------------------------------------------------------------ writing
def text_of(file: BaselineFile) -> str:
    """The file as text: the same baseline gives the same text, one run a line."""
    plain = _FILE.dump_python(file, mode="json")
    content: dict[str, Any] = {name: plain[name] for name in _HEAD}
    content |= {"schema": SCHEMA, "probes": _probes(file), "record": _record(file.runs)}
    content["acts"] = [_ACT.dump_python(act, mode="json", exclude_defaults=True) for act in file.acts]
    return laid_out({**content, "sha256": _digest(content)}, 0) + "\n"


def _digest(content: Mapping[str, Any]) -> str:
    told = {key: value for key, value in content.items() if key != "sha256"}
    return hashlib.sha256(json.dumps(told, sort_keys=True, separators=(",", ":")).encode()).hexdigest()


def _record(runs: Sequence[FileRun]) -> dict[str, Any]:
    """Runs with what repeats itself (answers, checks, plans) told once."""
    answers, checks, plans = _Table(), _Table(), _Table()
    told = []
    for run in runs:
        plain = _RUN.dump_python(run, mode="json", exclude_defaults=True)
        plain["plan"] = plans.place(plain["plan"])
        for probe in plain["probes"]:
            for facts in probe["observed"]["samples"]:
                if facts.get("answer") is not None:
                    facts["answer"] = answers.place(facts["answer"])
            if "checks" in probe:
                probe["checks"] = [
                    [checks.place([c["check"], c["argument"], c["mode"]]), c["status"], c["passed"], c["total"]]
                    for c in probe["checks"]
                ]
        told.append(plain)
    return {"answers": answers.entries, "checks": checks.entries, "plans": plans.entries, "runs": told}


class _Table:
    """Values with their places, each once."""

    def __init__(self) -> None:
        self.entries: list[Any] = []
        self._places: dict[str, int] = {}

    def place(self, value: Any) -> int:
        key = json.dumps(value, sort_keys=True)
        if key not in self._places:
            self._places[key] = len(self.entries)
            self.entries.append(value)
        return self._places[key]


def _probes(file: BaselineFile) -> dict[str, Any]:
    return {probe: _probe(told, file.questions.get(probe, "")) for probe, told in file.probes.items()}


def _probe(told: ProbeShown, question: str) -> dict[str, Any]:
    """What people review: distinct answers by how often they came, amounts in order of size, counts."""
    answers = Counter(told.answers).most_common(_ANSWERS_SHOWN)
    return {
        "request_hash": told.request_hash,
        "question_hash": question,
        "runs": told.runs,
        "samples": told.samples,
        "distinct_answers": len(set(told.answers)),
        "answers": [[count, text[:_ANSWER_CHARS]] for text, count in sorted(answers, key=lambda a: (-a[1], a[0]))],
        "first_token_ms": sorted(round(1000 * value) for value in told.first_token_s),
        "total_ms": sorted(round(1000 * value) for value in told.total_s),
        "output_tokens": sorted(told.output_tokens),
        "input_tokens": sorted(told.input_tokens),
        "check_failed": list(told.check_failed),
        "refused": list(told.refused),
        "failures": dict(sorted(told.failures.items())),
        "finish": dict(sorted(told.finishes.items())),
        "routes": dict(sorted(told.routes.items())),
        "checks": [[*check, *counts] for check, counts in sorted(told.checks.items())],
    }


# ------------------------------------------------------------------------------------------------ reading
def parse(text: str, name: str) -> BaselineFile:
    """The file behind ``text_of``. ``name``: how problems call it.

    Raises:
        InputError: it is no baseline file, one of a newer Holdfast, or damaged; with place and reason.
    """
    content = _object(text, name)
    _ours(content, text, name)
    if content["sha256"] != _digest(content):
        told = f"sha256 {str(content['sha256'])[:64]!r} is not that of the content ({_digest(content)})"
        raise _refused(text, name, "sha256", told, _AGAIN)
    file = _built(content, text, name)
    if content["probes"] != json.loads(json.dumps(_probes(file))):
        raise _refused(text, name, "probes", "what it says of its probes is not what its runs show", _AGAIN)
    return file


def _ours(content: Mapping[str, Any], text: str, name: str) -> None:
    """Raises ``InputError`` for another kind of file, one of a newer Holdfast, and keys too many or too few."""
    if "schema" not in content:
        raise _refused(text, name, "schema", "key 'schema' is missing: this is no baseline file", _AGAIN)
    schema = content["schema"]
    if schema != SCHEMA:
        told = f"schema {str(schema)[:60]!r}"
        if isinstance(schema, str) and schema.startswith(_KIND):
            told, hint = f"{told} is of another Holdfast", f"this one reads {SCHEMA!r}: install a newer one"
            raise _refused(text, name, "schema", told, hint)
        raise _refused(text, name, "schema", f"{told} is not that of a baseline file", f"that would be {SCHEMA!r}")
    if unknown := sorted(content.keys() - _KEYS):
        raise _refused(text, name, unknown[0], f"key {unknown[0][:60]!r} is unknown", _AGAIN)
    if missing := sorted(_KEYS - content.keys()):
        raise _refused(text, name, missing[0], f"key {missing[0]!r} is missing", _AGAIN)


_AGAIN = "changed or cut after it was written; export it again with: holdfast baseline export"


def _object(text: str, name: str) -> dict[str, Any]:
    try:
        content = json.loads(text, object_pairs_hook=_once, parse_constant=_no_number)
    except json.JSONDecodeError as error:
        told = f"not JSON: {error.msg}"
        problem = Problem(file=name, line=error.lineno, column=error.colno, message=told, hint=_AGAIN)
        raise InputError([problem]) from error
    except (ValueError, RecursionError) as error:
        raise InputError([Problem(file=name, line=1, column=1, message=f"not JSON: {error}", hint=_AGAIN)]) from error
    if not isinstance(content, dict):
        what = type(content).__name__
        message = f"a baseline file is one JSON object, not a {what}"
        raise InputError([Problem(file=name, line=1, column=1, message=message, hint=_AGAIN)])
    return content


def _once(pairs: Sequence[tuple[str, Any]]) -> dict[str, Any]:
    """A key told twice would show reviewers one value and use another."""
    told = dict(pairs)
    if len(told) != len(pairs):
        twice = next(key for key, count in Counter(key for key, _ in pairs).items() if count > 1)
        raise ValueError(f"key {twice[:60]!r} stands there twice")
    return told


def _no_number(text: str) -> float:
    raise ValueError(f"{text} is no number")


def _built(content: Mapping[str, Any], text: str, name: str) -> BaselineFile:
    try:
        record = content["record"]
        runs = [_run(run, record) for run in record["runs"]]
        questions = {probe: told["question_hash"] for probe, told in content["probes"].items()}
        for plan in record["plans"]:
            _knows(plan)
        head = {key: content[key] for key in _HEAD} | {"acts": content["acts"], "questions": questions}
        # through JSON, where strict takes texts for dates and lists for tuples, but no text for a number
        file = _FILE.validate_json(json.dumps({**head, "runs": runs}), strict=True)
    except ValidationError as error:
        first = error.errors()[0]
        place = [str(step) for step in first["loc"]]
        key = next((step for step in place if step in _KEYS), "record")
        told = f"{'.'.join(place)}: {first['msg']}, not {str(first['input'])[:60]!r}"
        raise _refused(text, name, key, told if key == place[0] else f"record: {told}", _AGAIN) from error
    except (KeyError, IndexError, TypeError, AttributeError, ValueError) as error:
        told = f"record cannot be read ({type(error).__name__}: {str(error)[:80]})"
        raise _refused(text, name, "record", told, _AGAIN) from error
    if wrong := impossible(file):
        raise _refused(text, name, *wrong, _AGAIN)
    return file


def _knows(plan: Mapping[str, Any]) -> None:
    """Raises ``TypeError``, ``KeyError`` or ``ValueError`` for a plan that this Holdfast cannot judge under."""
    _PLAN.validate_json(json.dumps(plan["judge"]), strict=True)
    JudgePlan.from_json(plan["judge"])  # which refuses unknown keys, too
    if not (isinstance(plan["judged"], bool) and isinstance(plan["whole"], bool)):
        raise ValueError("judged and whole are true or false")


def _run(run: Mapping[str, Any], record: Mapping[str, Any]) -> dict[str, Any]:
    _known(run, _RUNS)
    return {**run, "plan": record["plans"][run["plan"]], "probes": [_asked(probe, record) for probe in run["probes"]]}


def _asked(probe: Mapping[str, Any], record: Mapping[str, Any]) -> dict[str, Any]:
    _known(probe["observed"], _OBSERVED)
    samples = [_sample(facts, record["answers"]) for facts in probe["observed"]["samples"]]
    checks = []
    for place, status, passed, total in probe.get("checks", ()):
        check, argument, mode = record["checks"][place]
        what = {"check": check, "argument": argument, "mode": mode}
        checks.append({**what, "status": status, "passed": passed, "total": total})
    return {**probe, "observed": {**probe["observed"], "samples": samples}, "checks": checks}


def _sample(facts: Mapping[str, Any], answers: Sequence[str]) -> dict[str, Any]:
    _known(facts, _FACTS)
    return {**facts, "answer": answers[facts["answer"]]} if "answer" in facts else dict(facts)


def _known(told: Mapping[str, Any], names: frozenset[str]) -> None:
    """What this Holdfast does not know it must not pass over: the judge would see less than was there."""
    if unknown := sorted(told.keys() - names):
        raise ValueError(f"{unknown[0]} is unknown here: written by a newer Holdfast")


def _refused(text: str, name: str, key: str, message: str, hint: str) -> InputError:
    """The refusal, at the line of a key of the outermost object."""
    at = text.find(f'\n "{key}":')
    line, column = (text.count("\n", 0, at + 1) + 1, 2) if at >= 0 else (1, 1)
    return InputError([Problem(file=name, line=line, column=column, message=message, hint=hint)])
