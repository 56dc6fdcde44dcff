"""What a probe retrieved, beside what it usually retrieves: documents in their order. Feeds pages and run notes.

Pure. Ids and texts of documents are hostile: escape them where they are shown.
"""

from __future__ import annotations

from bisect import bisect_left
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from checks.drift.result import SUITE_SCOPE
from probes.sample import Document, Sample
from reports import tally
from reports.escaping import one_line
from reports.summary import ProbeRecord, Report, RunRecord

PROBES_SHOWN = 20
DOCUMENTS_SHOWN = 20
"""Of one probe; all are in the store."""
_NAMED = 3
Documents = tuple[Document, ...]
Mark = Literal["same", "moved", "changed", "new", "missing"]


@dataclass(frozen=True, slots=True, kw_only=True)
class RetrievedRow:
    """One document of now, of before, or of both."""

    document: Document
    mark: Mark
    """``moved``: it stands elsewhere among those of both; ``changed``: the same id with another text."""
    now: int | None
    """Its place, counted from 1; None where it is missing."""
    before: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Retrieved:
    """What one probe retrieved."""

    probe: str
    sample: Sample
    rows: tuple[RetrievedRow, ...]
    """Those of now in their order, then those that are missing."""
    compared: bool
    """False where nothing is known of before."""
    words: str
    """What changed, in one line; empty where nothing did."""


def retrieved(report: Report) -> tuple[Retrieved, ...]:
    """One telling sample of each probe that retrieves, those that changed first."""
    known = {} if report.baseline is None else report.baseline.documents
    found = [told for probe in report.run.probes if (told := _told(probe, known.get(probe.probe, ()))) is not None]
    return tuple(sorted(found, key=lambda told: not told.words)[:PROBES_SHOWN])


def retrieval_note(record: RunRecord, known: Mapping[str, Sequence[Documents]]) -> str:
    """``orders retrieved kb-9 anew, kb-3 no more``: what lies behind retrieval that has moved; empty where none has."""
    scopes = {result.key.scope for result in tally.risen(record) if result.key.dimension == "retrieval"}
    probes = [p for p in record.probes if p.probe in scopes or SUITE_SCOPE in scopes]
    found = [(probe.probe, told.words) for probe in probes if (told := _told(probe, known.get(probe.probe, ())))]
    lines = [f"{name} retrieved {words}" for name, words in found if words]
    more = len(lines) - _NAMED
    return "; ".join([*lines[:_NAMED], *([f"and {more} more retrieved otherwise"] if more > 0 else [])])


def _told(probe: ProbeRecord, known: Sequence[Documents]) -> Retrieved | None:
    """The sample whose documents are furthest from those of before; None where none tells of any."""
    told = [(s, s.documents) for s in probe.samples if s.documents is not None]
    each = [
        Retrieved(probe=probe.probe, sample=s, rows=rows, compared=bool(known), words=words_of(rows) if known else "")
        for s, documents in told
        for rows in [compare(documents, _usual(documents, known))]
    ]
    return max(each, key=lambda one: sum(row.mark != "same" for row in one.rows) if one.compared else 0, default=None)


def _usual(documents: Documents, known: Sequence[Documents]) -> Documents:
    """The same list where it came before, else the one that came most often."""
    ids = [document.id for document in documents]
    same = (one for one in known if [document.id for document in one] == ids)
    return next(same, known[0] if known else ())


def compare(now: Documents, before: Documents) -> tuple[RetrievedRow, ...]:
    """Every document of both lists with its mark; of a repeated id the first is compared with the first."""
    places = {key: place for place, key in enumerate(_keys(before))}
    keys = _keys(now)
    kept = _in_order([places[key] for key in keys if key in places])
    rows = [_row(document, place, places.get(keys[place]), before, kept) for place, document in enumerate(now)]
    gone = [place for key, place in places.items() if key not in set(keys)]
    return (*rows, *(RetrievedRow(document=before[at], mark="missing", now=None, before=at + 1) for at in gone))


def _row(document: Document, place: int, was: int | None, before: Documents, kept: set[int]) -> RetrievedRow:
    mark: Mark = "same"
    if was is None:
        mark = "new"
    elif was not in kept:
        mark = "moved"
    elif None not in (texts := (document.text, before[was].text)) and texts[0] != texts[1]:
        mark = "changed"
    return RetrievedRow(document=document, mark=mark, now=place + 1, before=None if was is None else was + 1)


def _keys(documents: Documents) -> list[tuple[str, int]]:
    seen: Counter[str] = Counter()
    keys = []
    for document in documents:
        keys.append((document.id, seen[document.id]))
        seen[document.id] += 1
    return keys


def _in_order(places: Sequence[int]) -> set[int]:
    """The longest rising subsequence (patience sorting): what kept its order while the rest moved around it."""
    ends: list[int] = []
    behind: dict[int, int | None] = {}
    for place in places:
        at = bisect_left(ends, place)
        behind[place] = ends[at - 1] if at else None
        ends[at : at + 1] = [place]
    kept: set[int] = set()
    last = ends[-1] if ends else None
    while last is not None:
        kept.add(last)
        last = behind[last]
    return kept


_WORDS: Mapping[Mark, str] = {"new": "anew", "missing": "no more", "moved": "in another place", "changed": "changed"}


def words_of(rows: Sequence[RetrievedRow]) -> str:
    """``kb-9 anew, kb-3 no more``; empty where every document is as before."""
    parts = []
    for mark, words in _WORDS.items():
        ids = [one_line(row.document.id, 60) for row in rows if row.mark == mark]
        more = f" and {len(ids) - _NAMED} more" if len(ids) > _NAMED else ""
        parts += [f"{', '.join(ids[:_NAMED])}{more} {words}"] if ids else []
    return ", ".join(parts)
