"""What a suite must fulfil across its parts: names that refer to each other, cron lines, zones. Feeds ``suite_file``.

Works on the plain values of the file and steps over what has the wrong type, so that these faults are told together
with those of the single parts.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any
from zoneinfo import ZoneInfo, available_timezones

from probes.duration import parse_duration
from probes.nearest import did_you_mean, nearest
from probes.positions import Fault, Positions, YamlPath
from probes.suite import RESERVED_CHECK_KEYS

_CRON_FIELD = re.compile(r"[A-Za-z0-9*,/-]+")


_NOT_ASKING = frozenset({"system", "developer", "assistant", "tool"})
"""Roles of messages that are not the user's."""
_MOST_VALUES = 50
POOLED = "suite"
"""Scope of streams pooled over a suite, so no probe may have it for an id."""


def cross_faults(data: Mapping[str, Any], positions: Positions) -> Iterator[Fault]:
    """Everything wrong between the parts of one suite."""
    yield from _repeated_ids(data.get("probes"), positions)
    yield from _unasked(data.get("probes"))
    yield from _only_controls(data.get("probes"))
    yield from _repeated_tools(data.get("probes"), positions)
    yield from _unknown_endpoints(data.get("monitor"), data.get("endpoints"))
    if isinstance(schedule := data.get("schedule"), Mapping):
        yield from _schedule_faults(schedule)
    yield from _check_shapes(data)
    yield from _owners_nobody_tells(data)


def label_faults(data: Mapping[str, Any]) -> Iterator[Fault]:
    """Labels in ``drift.by_label`` that no probe has, or that have too many values; of probes with cases spread out."""
    drift = data.get("drift")
    wanted = drift.get("by_label") if isinstance(drift, Mapping) else None
    values = label_values(data)
    for index, name in enumerate(wanted if isinstance(wanted, list) else [wanted]):
        path: YamlPath = ("drift", "by_label", index) if isinstance(wanted, list) else ("drift", "by_label")
        if not isinstance(name, str):
            continue
        if name not in values:
            yield Fault(path=path, message=f"by_label names no label of any probe: {name!r}", hint=_near(name, values))
        elif (many := len(values[name])) > _MOST_VALUES:
            message = f"the label {name!r} has {many} values, each would have streams of its own"
            yield Fault(path=path, message=message, hint=f"name a label with at most {_MOST_VALUES} values")


def label_values(data: Mapping[str, Any]) -> dict[str, set[str]]:
    """Values of every label of any probe."""
    probes, defaults = data.get("probes"), data.get("defaults")
    everyones = defaults.get("labels") if isinstance(defaults, Mapping) else None
    values: dict[str, set[str]] = {}
    owners = [
        probe.get("labels") for probe in (probes if isinstance(probes, list) else ()) if isinstance(probe, Mapping)
    ]
    for labels in [everyones, *owners]:
        for label, value in labels.items() if isinstance(labels, Mapping) else ():
            values.setdefault(str(label), set()).add(str(value))
    return values


def _repeated_ids(probes: object, positions: Positions) -> Iterator[Fault]:
    first: dict[str, int] = {}
    for index, probe in enumerate(probes if isinstance(probes, list) else ()):
        name = probe.get("id") if isinstance(probe, Mapping) else None
        if not isinstance(name, str):
            continue
        if name == POOLED:
            message = f"the id {POOLED!r} is taken: it names what is pooled over all probes"
            yield Fault(path=("probes", index, "id"), message=message, hint="choose another id")
        if name in first:
            line = positions.find(("probes", first[name], "id"))[0]
            message = f"two probes have the id {name!r}; the first is in line {line}"
            yield Fault(path=("probes", index, "id"), message=message, hint="ids keep histories apart: rename one")
        first.setdefault(name, index)


def _unasked(probes: object) -> Iterator[Fault]:
    """Conversations in which nobody asks anything; a script's turns are questions."""
    for index, probe in enumerate(probes if isinstance(probes, list) else ()):
        messages = probe.get("messages") if isinstance(probe, Mapping) else None
        if not isinstance(messages, list) or not messages or {"turns", "prompt"} & set(probe):
            continue
        roles = {message.get("role") for message in messages if isinstance(message, Mapping)}
        if roles and roles <= _NOT_ASKING:
            message = "no message is the user's, so nothing is asked"
            yield Fault(path=("probes", index, "messages"), message=message, hint="add {role: user, content: ...}")


def _only_controls(probes: object) -> Iterator[Fault]:
    """A control question is held against others; alone it tells nothing of a model."""
    written = [probe for probe in (probes if isinstance(probes, list) else ()) if isinstance(probe, Mapping)]
    if written and all(probe.get("control") is True for probe in written):
        message = "every probe is a control question, so no question reaches a model"
        yield Fault(path=("probes", 0, "control"), message=message, hint="add a probe without control")


def _repeated_tools(probes: object, positions: Positions) -> Iterator[Fault]:
    for index, probe in enumerate(probes if isinstance(probes, list) else ()):
        tools = probe.get("tools") if isinstance(probe, Mapping) else None
        first: dict[str, int] = {}
        for place, tool in enumerate(tools if isinstance(tools, list) else ()):
            name = tool.get("name") if isinstance(tool, Mapping) else None
            if not isinstance(name, str):
                continue
            if name in first:
                line = positions.find(("probes", index, "tools", first[name], "name"))[0]
                message = f"two tools have the name {name!r}; the first is in line {line}"
                hint = "rename one, or give the first all results: when: tells which is given"
                yield Fault(path=("probes", index, "tools", place, "name"), message=message, hint=hint)
            first.setdefault(name, place)


def _unknown_endpoints(monitor: object, endpoints: object) -> Iterator[Fault]:
    if not isinstance(endpoints, Mapping):
        return
    names: list[tuple[YamlPath, object]] = [(("monitor",), monitor)]
    if isinstance(monitor, list):
        names = [(("monitor", index), name) for index, name in enumerate(monitor)]
    seen: set[str] = set()
    for path, name in names:
        if not isinstance(name, str):
            continue
        if name not in endpoints:
            yield Fault(
                path=path, message=f"monitor names no endpoint of this suite: {name!r}", hint=_near(name, endpoints)
            )
        elif name in seen:
            yield Fault(path=path, message=f"monitor names {name!r} twice", hint="name each endpoint once")
        seen.add(name)


def _near(name: str, known: Mapping[str, Any]) -> str:
    return did_you_mean(name, known, otherwise="there are")


def _schedule_faults(schedule: Mapping[str, Any]) -> Iterator[Fault]:
    zone, cron = schedule.get("timezone"), schedule.get("cron")
    if isinstance(zone, str) and not _zone_exists(zone):
        near = nearest(zone, sorted(available_timezones()))
        hint = f"did you mean {near!r}?" if near else "like Europe/Berlin, or UTC"
        yield Fault(path=("schedule", "timezone"), message=f"there is no time zone {zone!r}", hint=hint)
    if isinstance(cron, str):
        yield from _cron_faults(cron)
    yield from _pace_faults(schedule)
    try:
        every, jitter = parse_duration(schedule.get("every")), parse_duration(schedule.get("jitter"))
    except ValueError:  # missing, or told as a wrong duration already
        return
    if jitter > every:
        message = (
            f"jitter {schedule['jitter']} is larger than every {schedule['every']}: runs would overtake each other"
        )
        yield Fault(path=("schedule", "jitter"), message=message, hint="a tenth of every is plenty")


def _pace_faults(schedule: Mapping[str, Any]) -> Iterator[Fault]:
    try:
        every, quick = parse_duration(schedule.get("every")), parse_duration(schedule.get("while_failing"))
    except ValueError:  # missing, or told as a wrong duration already
        return
    if quick >= every:
        message = (
            f"while_failing {schedule['while_failing']} is not shorter than every {schedule['every']}: "
            "it would quicken nothing"
        )
        yield Fault(path=("schedule", "while_failing"), message=message, hint="like every: 15m, while_failing: 2m")


def _zone_exists(name: str) -> bool:
    try:
        ZoneInfo(name)
    except (LookupError, ValueError, OSError):  # unknown, absolute or too long, a folder of zones
        return False
    return True


def _cron_faults(cron: str) -> Iterator[Fault]:
    fields = cron.split()
    hint = "minute hour day month weekday, like */15 * * * *"
    if len(fields) != 5:
        yield Fault(
            path=("schedule", "cron"), message=f"a cron line has 5 fields, {cron!r} has {len(fields)}", hint=hint
        )
    for field in fields if len(fields) == 5 else ():
        if not _CRON_FIELD.fullmatch(field):
            yield Fault(path=("schedule", "cron"), message=f"{field!r} cannot stand in a cron line", hint=hint)


def _owners_nobody_tells(data: Mapping[str, Any]) -> Iterator[Fault]:
    """Notifiers of a class stand in for those of a rule: without any rule they would never be told."""
    owners = data.get("owners")
    for name, owner in owners.items() if isinstance(owners, Mapping) and not data.get("alerts") else ():
        if isinstance(owner, Mapping) and owner.get("notify"):
            message = f"the owner of {name} is told in place of an alert rule, and this suite has none"
            yield Fault(path=("owners", name, "notify"), message=message, hint="add alerts: saying of what, how soon")


def _check_shapes(data: Mapping[str, Any]) -> Iterator[Fault]:
    """``{check: contains, argument: x}`` is how programs write a CheckSpec, not how suites do."""
    for path, entry in _check_entries(data):
        if (
            isinstance(entry, Mapping)
            and "check" in entry
            and set(entry) <= {"check", "argument", *RESERVED_CHECK_KEYS}
        ):
            message = "an entry of a check list begins with the check's own name"
            yield Fault(path=path, message=message, hint="like contains: 30 days")


def _check_entries(data: Mapping[str, Any]) -> Iterator[tuple[YamlPath, object]]:
    probes = data.get("probes")
    holders: list[tuple[YamlPath, object]] = [(("defaults",), data.get("defaults"))]
    holders += [(("probes", index), probe) for index, probe in enumerate(probes if isinstance(probes, list) else ())]
    for index, probe in enumerate(probes if isinstance(probes, list) else ()):
        turns = probe.get("turns") if isinstance(probe, Mapping) else None
        found = enumerate(turns if isinstance(turns, list) else ())
        holders += [(("probes", index, "turns", place), turn) for place, turn in found]
    for index, probe in enumerate(probes if isinstance(probes, list) else ()):
        cases = probe.get("cases") if isinstance(probe, Mapping) else None
        found = enumerate(cases if isinstance(cases, list) else ())
        holders += [(("probes", index, "cases", place), case) for place, case in found]
    for path, holder in holders:
        checks = holder.get("checks") if isinstance(holder, Mapping) else None
        for index, entry in enumerate(checks if isinstance(checks, list) else ()):
            yield (*path, "checks", index), entry
