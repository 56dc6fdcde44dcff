"""Alert rules as who hears of what, and how soon. Feeds the alert state machine. Pure."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace

from probes.alert_rule import Escalate, Flap
from probes.fault import Fault
from probes.forms import KOfN
from probes.suite import AlertRule, ClassOwner
from reports.notice import SEVERITIES

Ear = Callable[[str, Fault | None, str], bool]
"""True where a notifier is told of something of this kind, class (None: of no known class) and severity."""
Labels = tuple[tuple[str, tuple[str, ...]], ...]
"""Labels, each with the values that fit."""


def every_ear(_kind: str, _fault: Fault | None, _severity: str) -> bool:
    """Of one who is told everything."""
    return True


@dataclass(frozen=True, slots=True, kw_only=True)
class Listener:
    """How soon one notifier hears of one kind."""

    k: int = 1
    n: int = 1
    """Opens at ``k`` bad runs among the last ``n`` that could be judged."""
    after_s: float | None = None
    """Opens once it has been bad for so long; None: ``k`` of ``n`` decides."""
    resolve_after: int = 2
    """Good runs in a row before it resolves."""
    remind_every_s: float | None = None
    remind_max: int | None = None
    escalate: Escalate | None = None
    flap: Flap | None = None
    whens: tuple[Labels, ...] = ()
    """What it hears of: probes with any of these labels; empty: everything."""
    min_severity: str = "info"
    severities: tuple[tuple[str, str], ...] = ()
    """By kind, stream, class or ``label=value``, where the rule says otherwise than usual."""

    @property
    def partial(self) -> bool:
        """True where it does not hear everything as everybody does."""
        return bool(self.whens or self.severities) or self.min_severity != "info"


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
        return bool(self.owned) or any(listener.partial for listener in self.rules.values())

    @property
    def names(self) -> tuple[str, ...]:
        """All notifiers, each once."""
        return tuple(dict.fromkeys(name for name, _ in self.rules))

    def ear(self, notifier: str) -> Ear:
        """What one notifier is told of: the classes it was given, and by its rules those given to nobody."""
        own, given = self.owned.get(notifier, frozenset()), frozenset().union(*self.owned.values())

        def hears(kind: str, fault: Fault | None, severity: str) -> bool:
            if fault in own:
                return True
            ruled = self.rules.get((notifier, kind)) if (notifier, kind) in self.ruled else None
            loud = ruled is not None and SEVERITIES.index(severity) >= SEVERITIES.index(ruled.min_severity)
            return loud and fault not in given

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
    """Read the rules of a suite. Of several for one notifier and kind the first counts; their labels add up.

    A notifier of a class's owner is told of the kinds that any rule is about, as soon as the first such rule says.
    """
    if not rules:
        return Listeners(any_kind=Listener())
    heard: dict[tuple[str, str], Listener] = {}
    for rule in rules:
        listener = _listener(rule)
        for notifier in rule.notify:
            for kind in rule.on:
                first = heard.setdefault((notifier, kind), listener)
                if first is not listener:
                    heard[notifier, kind] = replace(first, whens=_either(first.whens, listener.whens))
    ruled = frozenset(heard)
    owned = _owned(owners or {})
    for name in owned:
        for (_, of), listener in list(heard.items()):
            heard.setdefault((name, of), replace(listener, whens=(), min_severity="info"))
    return Listeners(rules=heard, owned=owned, ruled=ruled)


def _either(first: tuple[Labels, ...], other: tuple[Labels, ...]) -> tuple[Labels, ...]:
    return (*first, *other) if first and other else ()


def _listener(rule: AlertRule) -> Listener:
    runs = rule.after if isinstance(rule.after, KOfN) else KOfN(k=1, n=1)
    return Listener(
        k=runs.k,
        n=runs.n,
        after_s=rule.after if isinstance(rule.after, float) else None,
        resolve_after=rule.resolve_after,
        remind_every_s=rule.remind_every_s,
        remind_max=rule.remind_max,
        escalate=rule.escalate,
        flap=rule.flap,
        whens=(tuple(sorted(rule.when.items())),) if rule.when else (),
        min_severity=rule.min_severity,
        severities=tuple(sorted(rule.severity.items())),
    )


def _owned(owners: Mapping[Fault, ClassOwner]) -> dict[str, frozenset[Fault]]:
    names = dict.fromkeys(name for owner in owners.values() for name in owner.notify)
    return {name: frozenset(fault for fault, owner in owners.items() if name in owner.notify) for name in names}
