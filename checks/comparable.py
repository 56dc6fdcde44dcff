"""From a sample to what of its answer is compared with the other samples'. Feeds ``self_consistency``."""

from __future__ import annotations

from collections.abc import Callable, Hashable

from checks.agreement import Answer
from checks.json_answer import NotJson, fingerprint, json_text, read_json
from checks.json_place import JsonPlace
from checks.numbers_in_text import DecimalMark, numbers_in
from checks.quote import quoted
from probes.sample import Sample

ENDING_CHARS = 20_000
"""Characters at the end of an answer in which its last number is looked for."""
_AROUND = " \t\r\n\"'“”‘’`*_.!?…"
"""What does not count at both ends of an answer."""

Reader = Callable[[Sample], Answer]


def by_text(sample: Sample) -> Answer:
    """The whole answer; case, runs of white space and marks at both ends do not count."""
    answer = sample.answer or ""
    plain = " ".join(answer.casefold().strip(_AROUND).split())
    return _said(plain, quoted(answer, 60)) if plain else _none("text")


def by_json(sample: Sample) -> Answer:
    """The answer as a JSON value."""
    try:
        value = read_json(sample.answer or "")
    except NotJson:
        return _none("JSON")
    return _said(fingerprint(value), quoted(json_text(value), 60))


def by_place(place: JsonPlace) -> Reader:
    """The values at a place of an answer that is JSON."""

    def read(sample: Sample) -> Answer:
        try:
            values = place.values(read_json(sample.answer or ""))
        except NotJson:
            return _none("JSON")
        shown = values[0] if len(values) == 1 else values
        return _said(fingerprint(values), quoted(json_text(shown), 60)) if values else _none(place.written)

    return read


def by_number(mark: DecimalMark) -> Reader:
    """The last number of the answer: where a model reasons, the result stands at the end."""

    def read(sample: Sample) -> Answer:
        answer = sample.answer or ""
        found = None
        for number in numbers_in(answer, mark, start=max(0, len(answer) - ENDING_CHARS)):
            found = number
        return _said(found.value, quoted(answer[slice(*found.span)], 60)) if found else _none("a number")

    return read


def _said(value: Hashable, shown: str) -> Answer:
    return Answer(value=value, shown=shown)


def _none(missing: str) -> Answer:
    return Answer(value=None, shown=f"nothing to compare ({missing} is missing)")
