"""Alert rules as who hears of what, and how soon. Feeds the alert state machine. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from probes.suite import AlertRule


@dataclass(frozen=True, slots=True, kw_only=True)
class Listener:
    """How soon one notifier hears of one kind."""

    k: int = 1
    n: int = 1
    """Opens at ``k`` bad runs among the last ``n`` that could be judged."""
    resolve_after: int = 2
    """Good runs in a row before it resolves."""
    remind_every_s: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Listeners:
    """Who hears of what."""

    rules: Mapping[tuple[str, str], Listener] = field(default_factory=dict)
    """By notifier and kind."""
    any_kind: Listener | None = None
    """For the nameless notifier, where a suite has no rules: every kind is shown, nothing is sent."""

    def get(self, notifier: str, kind: str) -> Listener | None:
        """How soon this notifier hears of this kind; None where it does not."""
        return self.rules.get((notifier, kind)) or (None if notifier else self.any_kind)

    def of(self, kind: str) -> Iterable[tuple[str, Listener]]:
        """The notifiers that hear of a kind, in the order of the rules."""
        if self.any_kind:
            return [("", self.any_kind)]
        return [(notifier, listener) for (notifier, heard), listener in self.rules.items() if heard == kind]


def listeners(rules: Sequence[AlertRule]) -> Listeners:
    """Read the rules of a suite. Of several for one notifier and kind the first counts."""
    if not rules:
        return Listeners(any_kind=Listener())
    heard: dict[tuple[str, str], Listener] = {}
    for rule in rules:
        listener = Listener(
            k=rule.after.k, n=rule.after.n, resolve_after=rule.resolve_after, remind_every_s=rule.remind_every_s
        )
        for notifier in rule.notify or ("",):
            for kind in rule.on:
                heard.setdefault((notifier, kind), listener)
    return Listeners(rules=heard)
