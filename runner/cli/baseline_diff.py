"""``holdfast baseline diff``: what differs between two pictures of what is normal, probe by probe."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import TYPE_CHECKING, Annotated, Any

import typer

from probes.errors import UsageError
from runner.cli import options as opt

if TYPE_CHECKING:
    from checks.baseline_diff import Figures, Picture, ProbeDiff

SCHEMA = "holdfast.baseline-diff/1"
_SIDE = "latest, baseline, a run id, act:N as in 'baseline show', or an exported file."


def diff(
    suite: opt.Suite,
    before: Annotated[str, typer.Argument(metavar="A", help=_SIDE, show_default=False)],
    after: Annotated[str, typer.Argument(metavar="B", help="The same.", show_default=False)],
    endpoint: opt.OneEndpoint = None,
    format_: Annotated[str, typer.Option("--format", metavar="text|json", help="How to print it.")] = "text",
    store: opt.Store = None,
    config: opt.Config = None,
) -> int:
    """Show what differs between two pictures of what is normal: questions, answers, amounts, rates and routes."""
    from checks.baseline_diff import compare
    from runner.cli.look import one_place
    from runner.normal.picturing import picture_of

    if format_ not in ("text", "json"):
        raise UsageError(f"--format {format_!r} is unknown; it is one of text, json")
    with one_place(suite, endpoint, store, config) as place:
        old = picture_of(place.store, place.suite, place.endpoint, before)
        new = picture_of(place.store, place.suite, place.endpoint, after)
        where = {"suite": place.suite, "endpoint": place.endpoint}
    probes = compare(old, new)
    if format_ == "json":
        told = {**where, "schema": SCHEMA, "before": _side(old), "after": _side(new)}
        typer.echo(json.dumps({**told, "probes": [_object(probe) for probe in probes]}, indent=2))
    else:
        typer.echo("\n".join(_lines(old, new, probes)))
    return 0


def _side(picture: Picture) -> dict[str, Any]:
    return {"name": picture.name, "runs": picture.runs}


def _object(probe: ProbeDiff) -> dict[str, Any]:
    return {
        "probe": probe.probe,
        "change": probe.change,
        "request_changed": probe.request_changed,
        "question_changed": probe.question_changed,
        "differing": list(probe.differing),
        "before": probe.before.plain if probe.before else None,
        "after": probe.after.plain if probe.after else None,
    }


def _lines(old: Picture, new: Picture, probes: tuple[ProbeDiff, ...]) -> Iterator[str]:
    from reports.escaping import one_line
    from reports.wording import count

    yield (
        f"{one_line(old.name, 100)} ({count(old.runs, 'run')}) against "
        f"{one_line(new.name, 100)} ({count(new.runs, 'run')})"
    )
    for probe in probes:
        yield f"{one_line(probe.probe, 100)}: {_headline(probe)}"
        if probe.before and probe.after:
            told = (_figure(name, probe.before, probe.after) for name in probe.differing)
            yield from (f"  {line}" for line in told if line)


def _headline(probe: ProbeDiff) -> str:
    if not probe.request_changed:
        told = {"added": "only in the second", "removed": "only in the first", "same": "the same"}
        return told.get(probe.change, "asked the same, and measured")
    if probe.question_changed is None:
        return "the request changed"
    return "the question changed" if probe.question_changed else "the question is the same, how it is asked changed"


_WORDS = {
    "samples": "samples",
    "usual_answer": "usual answer",
    "distinct_answers": "distinct answers",
    "first_token_s": "median first token",
    "total_s": "median latency",
    "output_tokens": "median output tokens",
    "input_tokens": "median input tokens",
    "passed": "samples that passed",
    "refused": "refusals",
    "failed": "failed requests",
    "routes": "routes",
}


def _figure(name: str, before: Figures, after: Figures) -> str:
    old, new = getattr(before, name), getattr(after, name)
    return f"{_WORDS[name]}: {_value(name, old)} -> {_value(name, new)}"


def _value(name: str, value: Any) -> str:
    from reports.escaping import one_line
    from reports.wording import seconds

    if value is None:
        return "unknown"
    if name == "routes":
        return one_line(", ".join(f"{route} {share:.0%}" for route, share in value.items()), 200) or "none"
    if name in ("passed", "refused"):
        return f"{value:.1%}"
    if name.endswith("_s"):
        return seconds(value)
    return f"'{one_line(value, 120)}'" if isinstance(value, str) else f"{value:g}"
