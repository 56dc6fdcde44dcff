"""Fields of the route that an endpoint's own ``route.body`` paths find in a reply. Feeds all readers."""

from __future__ import annotations

from typing import Any

from probes.endpoint import Endpoint
from probes.hostile import one_line
from probes.json_fields import MalformedReply
from probes.json_paths import first

VALUE_CHARS = 200


class Told:
    """Collects over the trees of one reply (one, or each event of a stream); the last that says something counts."""

    def __init__(self, endpoint: Endpoint) -> None:
        self._paths = dict(endpoint.route.body) if endpoint.route else {}
        self.names: dict[str, str] = {}

    def take(self, tree: Any) -> None:
        """Look into one tree."""
        for name, path in self._paths.items():
            try:
                said = _said(name, first(path, tree))
            except MalformedReply:  # too deep to search: whoever reads the answer says so, if it matters there
                continue
            if said:
                self.names[name] = one_line(said, VALUE_CHARS)


def _said(name: str, value: object) -> str:
    """The value as text; empty where it tells nothing. Whether a cache answered may be told by true and false."""
    if isinstance(value, bool):
        return str(value).lower() if name == "cache" else ""
    return str(value) if isinstance(value, (str, int)) else ""
