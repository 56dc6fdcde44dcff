"""What a digest says, channel-free: its headline, and its incidents grouped by what they share. Feeds notifiers.

Pure. Texts in the lines are hostile: each notifier escapes them for its own channel.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

from reports.escaping import one_line
from reports.notice import SEVERITIES, AlertEvent, Digest, Notice

LINES_MAX = 20
"""Incidents named in one digest; the rest is counted."""
LINE_CHARS = 400
REST_COMMAND = "holdfast alerts"
ID_CHARS = 40
SAID_CHARS = 80
PLACES_MAX = 5
"""Owners named below the incidents, and runbooks; the rest is counted."""
_WHY = " --reason 'looking into it'"


@dataclass(frozen=True, slots=True, kw_only=True)
class Ground:
    """Incidents of a digest that have something in common."""

    title: str
    """What they share, and how many do: ``endpoint production (9)``."""
    shown: tuple[Notice, ...]
    """Worst first; not all of them where the digest is long."""


def is_over(digest: Digest) -> bool:
    """True where every incident in it has resolved."""
    return all(_resolved(notice) for notice in digest.notices)


def severity(digest: Digest) -> str:
    """The worst of the incidents that are not over; of a digest that is over, the worst of all."""
    alive = [notice for notice in digest.notices if not _resolved(notice)] or digest.notices
    return max((notice.severity for notice in alive), key=_loudness)


def headline(digest: Digest) -> str:
    """One line: how many incidents, in which state, of how many suites and endpoints."""
    over = sum(map(_resolved, digest.notices))
    opened = not over and all(notice.event is AlertEvent.OPENED for notice in digest.news)
    states = ((len(digest.notices) - over, "opened" if opened else "open"), (over, "resolved"))
    first, *others = [(number, state) for number, state in states if number]
    told = [f"{_counted(first[0], 'incident')} {first[1]}", *(f"{number} {state}" for number, state in others)]
    suites = len({notice.suite for notice in digest.notices})
    endpoints = len({(notice.host, notice.endpoint) for notice in digest.notices})
    return f"{', '.join(told)}: {_counted(suites, 'suite')} at {_counted(endpoints, 'endpoint')}"


def grounds(digest: Digest) -> tuple[Ground, ...]:
    """The incidents by what most of them share (host or endpoint, class, kind), the worst and largest group first."""
    share = max(_SHARES, key=lambda shared: Counter(map(shared, digest.notices)).most_common(1)[0][1])
    groups: dict[str, list[Notice]] = {}
    for notice in sorted(digest.notices, key=_worst_first):
        groups.setdefault(share(notice), []).append(notice)
    told, room = [], LINES_MAX
    for title, members in sorted(groups.items(), key=lambda group: (_worst_first(group[1][0])[:2], -len(group[1]))):
        if room > 0:
            told.append(Ground(title=f"{title} ({len(members)})", shown=tuple(members[:room])))
        room -= len(members)
    return tuple(told)


def rest(digest: Digest) -> str:
    """How many incidents are not named, and the command that lists them; empty where all are."""
    left = len(digest.notices) - LINES_MAX
    return f"and {left} more: {REST_COMMAND}{digest.reach}" if left > 0 else ""


def line(notice: Notice) -> str:
    """One incident on one line, without its report: state, key and what is wrong, whatever its texts hold."""
    state = notice.ended_as if _resolved(notice) else notice.severity.upper()
    return one_line(f"{state} {notice.key}: {notice.headline}", LINE_CHARS)


def marks(notice: Notice) -> tuple[str, ...]:
    """What stands behind that line: the id that commands take, and what people said about the incident."""
    said = () if _resolved(notice) else (one_line(words, SAID_CHARS) for words in notice.said)
    # not "incident ID": that is the mark by which the message of one incident is found again
    return (f"id {one_line(notice.incident_id, ID_CHARS)}", *said)


def owners(digest: Digest) -> tuple[str, ...]:
    """Whom the incidents that are not over belong to, those of the worst first."""
    return _several(" ".join(filter(None, (notice.team, notice.contact))) for notice in _alive(digest))


def runbooks(digest: Digest) -> tuple[str, ...]:
    """What their owners wrote for the case, in the same order."""
    return _several(notice.runbook for notice in _alive(digest))


def commands(digest: Digest) -> tuple[tuple[str, str], ...]:
    """What to paste into a shell, each with what it does; nothing where all is over. ID is to be replaced."""
    if is_over(digest):
        return ()
    return (
        ("list", f"{REST_COMMAND}{digest.reach}"),
        ("acknowledge", f"holdfast alerts ack ID{_WHY}{digest.reach}"),
        ("silence", f"holdfast silence ID --for 2h{_WHY}{digest.reach}"),
    )


def text(digest: Digest) -> str:
    """The whole digest as plain lines, for channels without a layout of their own. Not escaped."""
    return "\n".join(_lines(digest))


def _lines(digest: Digest) -> Sequence[str]:
    lines = [headline(digest)]
    for ground in grounds(digest):
        lines += ["", one_line(ground.title, LINE_CHARS)]
        for notice in ground.shown:
            lines.append(f"  - {line(notice)}" + (f" ({one_line(notice.report, LINE_CHARS)})" if notice.report else ""))
            lines.append(f"    {', '.join(marks(notice))}")
    lines += ["", rest(digest)] if rest(digest) else []
    places = {"owner": owners(digest), "runbook": runbooks(digest)}
    told = [f"{name}: {one_line(place, LINE_CHARS)}" for name, found in places.items() for place in found]
    told += [f"{name}: {command}" for name, command in commands(digest)]
    return [*lines, "", *told] if told else lines


def _alive(digest: Digest) -> list[Notice]:
    return sorted((notice for notice in digest.notices if not _resolved(notice)), key=_worst_first)


def _several(places: Iterable[str]) -> tuple[str, ...]:
    """Each once; the rest is counted."""
    found = tuple(dict.fromkeys(filter(None, places)))
    left = len(found) - PLACES_MAX
    return (*found[:PLACES_MAX], f"and {left} more") if left > 0 else found


def _worst_first(notice: Notice) -> tuple[bool, int, str]:
    return _resolved(notice), -_loudness(notice.severity), notice.key


def _loudness(name: str) -> int:
    return SEVERITIES.index(name) if name in SEVERITIES else 0


def _resolved(notice: Notice) -> bool:
    return notice.event is AlertEvent.RESOLVED


def _counted(number: int, thing: str) -> str:
    return f"{number} {thing}{'' if number == 1 else 's'}"


def _by_host(notice: Notice) -> str:
    return f"host {notice.host}" if notice.host else _by_endpoint(notice)


def _by_endpoint(notice: Notice) -> str:
    return f"endpoint {notice.endpoint}"


def _by_class(notice: Notice) -> str:
    return f"class {notice.faults[0]}" if notice.faults else _by_kind(notice)


def _by_kind(notice: Notice) -> str:
    return f"kind {notice.kind}"


_SHARES: tuple[Callable[[Notice], str], ...] = (_by_host, _by_class, _by_kind)
"""What may be common ground, likeliest cause first."""
