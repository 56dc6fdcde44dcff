"""How an answer compares with the answers a probe normally gives. Feeds the answers machine.

Answers are hostile text: they are compared and kept, never evaluated.
"""

from __future__ import annotations

import hashlib
import json
import math
import re
import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from rapidfuzz import fuzz, process

from checks.drift.noise import Array
from probes.privacy import is_hashed

_COMPARED = 1000  # characters that distances look at
_NEIGHBOURS = 5
_WIDER = 1e-6  # distances are single precision


def normal_form(text: str) -> str:
    """One text for all writings of the same answer: NFC, JSON by value, white space collapsed.

    Words, case and punctuation stay; JSON may stand in one code fence.
    """
    stripped = unicodedata.normalize("NFC", text).strip()
    try:
        value = json.loads(_unfenced(stripped))
        if isinstance(value, dict | list | int | float):
            return "json:" + json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    except (ValueError, RecursionError):  # not JSON, or nested without end
        pass
    return re.sub(r"\s+", " ", stripped)


def _unfenced(text: str) -> str:
    """What stands in one code fence around all of the text; no regular expression, for the text is hostile."""
    if len(text) < 6 or not (text.startswith("```") and text.endswith("```")):
        return text
    body = text[3:-3]
    language = re.match(r"[\w+-]*", body)
    body = body[language.end() if language else 0 :]
    return body.removeprefix("\n").removesuffix("\n").strip()


def key_of(text: str) -> str:
    """An answer's normal form, cut to what is compared; where something was cut, a digest keeps it distinct."""
    form = normal_form(text)
    if len(form) <= _COMPARED:
        return form
    digest = hashlib.sha256(form.encode("utf-8", "surrogatepass")).hexdigest()
    return f"{form[:_COMPARED]}#{digest[:32]}"


def _distances(some: Sequence[str], others: Sequence[str]) -> Array:
    if all(map(is_hashed, (*some, *others))):  # nothing lies between equal and unequal
        return np.asarray(np.not_equal.outer(np.array(some), np.array(others)), dtype=np.float32)
    left, right = [text[:_COMPARED] for text in some], [text[:_COMPARED] for text in others]
    alike = process.cdist(left, right, scorer=fuzz.ratio, dtype=np.float32)
    return np.asarray(1 - alike / 100)


def _nearest(distances: Array, counts: Any, neighbours: int) -> Array:
    """Mean distance to the nearest answers, each as often as it was given. ``counts``: one row, or one a row."""
    order = np.argsort(distances, axis=1, kind="stable")
    given = counts[order] if counts.ndim == 1 else np.take_along_axis(counts, order, axis=1)
    taken = np.clip(neighbours - (np.cumsum(given, axis=1) - given), 0, given)
    total = (np.take_along_axis(distances, order, axis=1) * taken).sum(axis=1)
    mean: Array = total / np.maximum(taken.sum(axis=1), 1)
    return mean


@dataclass(frozen=True, slots=True, kw_only=True)
class Look:
    """What one answer looks like beside the baseline."""

    new: bool
    """Never given in the baseline."""
    off: bool
    """Not the usual answer, where there is one."""
    far: bool
    very_far: bool
    near: bool
    """Nearer than usual: many answers become one."""
    distance: float

    @property
    def events(self) -> tuple[int, int, int, int, int]:
        """The five events in the order of their weights."""
        return int(self.new), int(self.off), int(self.far), int(self.very_far), int(self.near)


@dataclass(frozen=True, slots=True, kw_only=True)
class Wording:
    """The baseline answers of one probe; frozen with the baseline."""

    texts: tuple[str, ...]
    counts: tuple[int, ...]
    usual: int
    """Index of the answer given most, where it is at least 30 % of all; else -1."""
    far: float
    """80 % quantile of the leave-one-out distances."""
    very_far: float
    """95 % quantile."""
    near: float
    """20 % quantile."""

    def looks(self, keys: Sequence[str]) -> list[Look]:
        """Compare answers, given by their keys."""
        counts, distinct = np.array(self.counts), tuple(dict.fromkeys(keys))
        neighbours = min(_NEIGHBOURS, int(counts.sum()))
        distances = _nearest(_distances(distinct, self.texts), counts, neighbours).tolist()
        looks = {key: self._look(key, distance) for key, distance in zip(distinct, distances, strict=True)}
        return [looks[key] for key in keys]

    def _look(self, key: str, distance: float) -> Look:
        return Look(
            new=key not in self.texts,
            off=self.usual >= 0 and key != self.texts[self.usual],
            far=distance > self.far + _WIDER,
            very_far=distance > self.very_far + _WIDER,
            near=distance < self.near - _WIDER,
            distance=distance,
        )

    def to_json(self) -> dict[str, Any]:
        """As plain JSON values."""
        return {
            "texts": list(self.texts),
            "counts": list(self.counts),
            "usual": self.usual,
            "far": self.far,
            "very_far": self.very_far,
            "near": self.near,
        }

    @classmethod
    def from_json(cls, value: Mapping[str, Any]) -> Wording:
        """The inverse of ``to_json``."""
        return cls(**{**value, "texts": tuple(value["texts"]), "counts": tuple(value["counts"])})


def wording_of(keys: Sequence[str]) -> tuple[Wording, list[tuple[int, ...]]]:
    """A probe's baseline from the keys of its answers (at least two), and the five events of each, left out once.

    'New' of a baseline answer means that it was given once (Good-Turing); its distance is to the others.
    """
    texts = tuple(dict.fromkeys(keys))
    index = {text: position for position, text in enumerate(texts)}
    which, n = np.array([index[key] for key in keys]), len(keys)
    counts = np.bincount(which, minlength=len(texts))
    apart = _nearest(_distances(texts, texts), counts[None] - np.eye(len(texts), dtype=int), min(_NEIGHBOURS, n - 1))
    left_out = apart[which]
    ordered = np.sort(left_out)
    far, very_far, near = (float(ordered[math.ceil(share * n) - 1]) for share in (0.8, 0.95, 0.2))
    usual = int(counts.argmax()) if counts.max() >= 0.3 * n else -1
    events = np.stack(
        [
            counts[which] == 1,
            (which != usual) & (usual >= 0),
            left_out > far + _WIDER,
            left_out > very_far + _WIDER,
            left_out < near - _WIDER,
        ],
        axis=1,
    ).astype(int)
    wording = Wording(texts=texts, counts=tuple(counts.tolist()), usual=usual, far=far, very_far=very_far, near=near)
    return wording, [tuple(row) for row in events.tolist()]


def distances_to(keys: Sequence[str], references: Sequence[str]) -> list[float]:
    """Of each answer the mean distance, 0 to 1, to the five nearest references (to all, where there are fewer).

    Answers and references (at least one, repeats kept) are given by their keys.
    """
    texts = tuple(dict.fromkeys(references))
    index = {text: position for position, text in enumerate(texts)}
    counts = np.bincount([index[key] for key in references], minlength=len(texts))
    neighbours = min(_NEIGHBOURS, len(references))
    return [float(distance) for distance in _nearest(_distances(keys, texts), counts, neighbours)]
