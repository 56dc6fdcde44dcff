"""How the JSON of a baseline file lies on the page, so that a review reads it. Feeds ``baseline_text``. Pure."""

from __future__ import annotations

import json
from typing import Any


def laid_out(value: Any, depth: int) -> str:
    """Objects a key a line down to the third level, lists of texts and of lists an entry a line; all else compact."""
    pad, end = " " * (depth + 1), " " * depth
    if isinstance(value, dict) and value and depth < 3:
        lines = [f"{pad}{_compact(key)}: {laid_out(value[key], depth + 1)}" for key in sorted(value)]
        return "{\n" + ",\n".join(lines) + f"\n{end}}}"
    if isinstance(value, list) and value and not all(isinstance(entry, int | float) for entry in value):
        return "[\n" + ",\n".join(pad + _compact(entry) for entry in value) + f"\n{end}]"
    return _compact(value)


def _compact(value: Any) -> str:
    """One line of JSON in which nothing acts: what does not print (controls, turns of direction) is escaped."""
    text = json.dumps(value, ensure_ascii=False, sort_keys=True, separators=(",", ":"), allow_nan=False)
    return text if text.isprintable() else "".join(c if c.isprintable() else json.dumps(c)[1:-1] for c in text)
