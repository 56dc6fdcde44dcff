"""Alert rules as who hears of what, and how soon. Feeds the alert state machine. Pure."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from probes.fault import Fault
from probes.suite import AlertRule, ClassOwner

Ear = Callable[[str, Fault | None], bool]
"""True where a notifier is told of something of this kind and class; None: of no known class."""


def every_ear(_kind: str, _fault: Fault | None) -> bool:
    """Of one who is told everything."""
    return True


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
    owned: Mapping[str, frozenset[Fault]] = field(default_factory=dict)
    """Classes a notifier is told of in place of those of the rules, by notifier."""
    ruled: frozenset[tuple[str, str]] = frozenset()
    """Notifiers and kinds that a rule names, not only the owner of a class."""

    @property
    def parted(self) -> bool:
        """True where not every notifier of a kind is told the same."""
        return bool(self.owned)

    @property
    def names(self) -> tuple[str, ...]:
        """All notifiers, each once."""
        return tuple(dict.fromkeys(name for name, _ in self.rules))

    def ear(self, notifier: str) -> Ear:
        """What one notifier is told of: the classes it was given, and by its rules those given to nobody."""
        own, given = self.owned.get(notifier, frozenset()), frozenset().union(*self.owned.values())

        def hears(kind: str, fault: Fault | None) -> bool:
            return fault in own or ((notifier, kind) in self.ruled and fault not in given)

        return hears

    def get(self, notifier: str, kind: str) -> Listener | None:
        """How soon this notifier hears of this kind; None where it does not."""
        return self.rules.get((notifier, kind)) or (None if notifier else self.any_kind)

    def of(self, kind: str) -> Iterable[tuple[str, Listener]]:
        """The notifiers that hear of a kind, in the order of the rules."""
        if self.any_kind:
            return [("", self.any_kind)]
        return [(notifier, listener) for (notifier, heard), listener in self.rules.items() if heard == kind]


def listeners(rules: Sequence[AlertRule], owners: Mapping[Fault, ClassOwner] | None = None) -> Listeners:
    """Read the rules of a suite. Of several for one notifier and kind the first counts.

    A notifier of a class's owner is told of the kinds that any rule is about, as soon as the first such rule says.
    """
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
    ruled = frozenset(heard)
    owned = _owned(owners or {})
    for name in owned:
        for (_, of), listener in list(heard.items()):
            heard.setdefault((name, of), listener)
    return Listeners(rules=heard, owned=owned, ruled=ruled)


def _owned(owners: Mapping[Fault, ClassOwner]) -> dict[str, frozenset[Fault]]:
    names = dict.fromkeys(name for owner in owners.values() for name in owner.notify)
    return {name: frozenset(fault for fault, owner in owners.items() if name in owner.notify) for name in names}
