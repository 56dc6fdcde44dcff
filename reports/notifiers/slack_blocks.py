"""A notice as Slack's Block Kit: pure, so that goldens can hold it. Feeds the Slack notifier.

Wire format: https://docs.slack.dev/reference/block-kit (blocks, their limits) and
https://docs.slack.dev/messaging/formatting-message-text (escaping, mentions). Everything foreign is neutralised:
markup escaped, mentions and emoji codes broken, no code fence closed from inside, nothing turned into a link that is
not an address of the suite's owner or of ours.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from typing import Any

from reports.escaping import visible, web_link
from reports.notice import AlertEvent, Notice
from reports.wording import instant

HEADER_CHARS = 150
SECTION_CHARS = 3000
BLOCKS_MAX = 50
FALLBACK_CHARS = 3000
PLACE_CHARS = 600
CUT = "\u2026 (cut)"
_BREAK = "\u2060"  # word joiner: no width, no line break
_FENCE_BREAK = "\u200b"
SEVERITY_MARKS = {"page": "\U0001f534", "ticket": "\U0001f7e0", "info": "\U0001f535"}
RESOLVED_MARK = "\u2705"
CLOSED_MARK = "\u26aa"
"""No green: nobody knows whether it is well."""
_LOOKALIKES = str.maketrans({"<": "\u2039", ">": "\u203a", "&": "\uff06"})

Block = dict[str, Any]


# ------------------------------------------------------------------------------------------------ neutral text
def mrkdwn(text: str) -> str:
    """Foreign text for a mrkdwn object: shown as written, nothing in it acts."""
    escaped = visible(text).replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
    unmentioned = re.sub(r"([@#])(?=\w)", rf"\1{_BREAK}", escaped)
    unlinked = unmentioned.replace("://", f":{_BREAK}//")
    unfenced = unlinked.replace("```", f"`{_FENCE_BREAK}`{_FENCE_BREAK}`")
    return re.sub(r":(?=[\w+-]+:)", f":{_BREAK}", unfenced)


def code(text: str) -> str:
    """Foreign text for the inside of a code fence."""
    escaped = visible(text).replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
    unmentioned = re.sub(r"([@#])(?=\w)", rf"\1{_BREAK}", escaped)
    return re.sub("`(?=`)", f"`{_FENCE_BREAK}", unmentioned)


def pasted(text: str) -> str:
    """A command of ours for the inside of a code fence: an @ or # within a word, as paths have them, stays as it is, so
    that the command can be pasted into a shell."""
    escaped = visible(text).replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
    unmentioned = re.sub(r"(?<![\w/.-])([@#])(?=\w)", rf"\1{_BREAK}", escaped)
    return re.sub("`(?=`)", f"`{_FENCE_BREAK}", unmentioned)


def plain(text: str) -> str:
    """Foreign text for a plain_text object on one line. Whether entities are decoded there is not documented, so
    look-alikes stand in for markup."""
    return " ".join(visible(text).translate(_LOOKALIKES).split()).replace("@", f"@{_BREAK}")


def fitted(text: str, limit: int, neutral: Callable[[str], str]) -> str:
    """The text, neutral, in at most ``limit`` UTF-16 units (the strictest reading of Slack's "characters").

    Cut before it is neutralised, so that no entity is ever halved; says so where something was cut.
    """
    whole = neutral(text[:limit])
    if len(text) <= limit and units(whole) <= limit:
        return whole
    low, high = 0, min(len(text), limit)
    while low < high:
        middle = (low + high + 1) // 2
        if units(neutral(text[:middle]) + CUT) <= limit:
            low = middle
        else:
            high = middle - 1
    return neutral(text[:low]) + CUT


def units(text: str) -> int:
    """Length as Slack counts it: UTF-16 code units."""
    return len(text.encode("utf-16-le")) // 2


# ------------------------------------------------------------------------------------------------ the message
def fallback_text(notice: Notice) -> str:
    """One line for notifications and screen readers."""
    return fitted(f"[{_word(notice)}] {notice.headline}", FALLBACK_CHARS, lambda text: mrkdwn(" ".join(text.split())))


def thread_text(notice: Notice) -> str:
    """What is said below the message of what is news: an edit notifies nobody."""
    return "\n".join((fallback_text(notice), *(fitted(words, 500, mrkdwn) for words in notice.said)))


def blocks(notice: Notice) -> list[Block]:
    """The whole message: headline, what moved, one answer before and after, who, where to read on."""
    return list(_blocks(notice))[:BLOCKS_MAX]


def _blocks(notice: Notice) -> Iterator[Block]:
    over = notice.event is AlertEvent.RESOLVED
    ended = f"{CLOSED_MARK if notice.closed else RESOLVED_MARK} {notice.ended_as}"
    mark = ended if over else SEVERITY_MARKS.get(notice.severity, "\u26aa")
    headline = fitted(f"{mark} {notice.headline}", HEADER_CHARS, plain)
    yield {"type": "header", "text": {"type": "plain_text", "text": headline, "emoji": False}}
    yield context(_when(notice))
    for words in notice.said:
        yield context(f"*{fitted(words, 500, mrkdwn)}*")
    if notice.facts:
        yield section(_facts(notice, over=over))
    if bearings := _bearings(notice):
        yield section(bearings)
    if notice.failures:
        yield section("*Failed requests*  " + fitted(", ".join(notice.failures), SECTION_CHARS - 50, mrkdwn))
    for title, answer in (("A normal answer", notice.before), ("An answer of now", notice.after)):
        if answer:
            yield section(f"*{title}*\n```{fitted(answer, SECTION_CHARS - 50, code)}\n```")
    yield context(_whereabouts(notice))
    for title, command in notice.commands:
        yield section(f"*{title.capitalize()}*\n```{fitted(command, SECTION_CHARS - 50, pasted)}\n```")


def _word(notice: Notice) -> str:
    return notice.ended_as if notice.event is AlertEvent.RESOLVED else f"{notice.severity}, {notice.event}"


def section(text: str) -> Block:
    """A block of mrkdwn, taken as it is."""
    return {"type": "section", "text": {"type": "mrkdwn", "text": text, "verbatim": True}}


def context(text: str) -> Block:
    """A small line of mrkdwn, taken as it is."""
    return {"type": "context", "elements": [{"type": "mrkdwn", "text": text, "verbatim": True}]}


def _when(notice: Notice) -> str:
    began = f"since {instant(notice.opened_at)}"
    told = "" if notice.event is AlertEvent.OPENED else f" \u00b7 {notice.event} {instant(notice.at)}"
    return f"*{mrkdwn(notice.severity)}* \u00b7 {mrkdwn(notice.kind)} \u00b7 {began}{told}"


def _facts(notice: Notice, *, over: bool) -> str:
    def line(fact: str) -> str:
        text = " ".join(mrkdwn(fact).split())
        struck = text.replace("~", "\u223c")
        return f"\u2022 ~{struck}~" if over else f"\u2022 {text}"

    lines: list[str] = []
    room = SECTION_CHARS - units("\u2022 and 9999 more, see the report")
    for number, fact in enumerate(notice.facts):
        added = line(_readable(fact))
        room -= units(added) + 1
        if room < 0:
            return "\n".join([*lines, f"\u2022 and {len(notice.facts) - number} more, see the report"])
        lines.append(added)
    return "\n".join(lines)


def _bearings(notice: Notice) -> str:
    """A line each, at most a fifth of a section."""
    return "\n".join(
        f"*{title.capitalize()}*  {fitted(' '.join(text.split()), 550, mrkdwn)}" for title, text in notice.bearings
    )


def _readable(fact: str) -> str:
    """A fact no longer than is read: 400 characters, the cut shown."""
    return fact if len(fact) <= 400 else fact[:399] + "\u2026"


def _whereabouts(notice: Notice) -> str:
    owner = " ".join(filter(None, (notice.team, notice.contact)))
    parts = [f"class {_short(', '.join(notice.faults))}"] if notice.faults else []
    parts += [f"owner {_short(owner)}"] if owner else []
    parts += [_place("runbook", notice.runbook)] if notice.runbook else []
    parts += [_place("report", notice.report)] if notice.report else []
    if notice.run_id:
        parts.append(f"run {_short(notice.run_id)}")
    parts.append(f"incident {_short(notice.incident_id)}")
    return " \u00b7 ".join(parts)


def _place(name: str, address: str) -> str:
    link = linked(address, name, PLACE_CHARS)
    return f"{name} {_short(address)}" if link is None else link


def linked(address: str, name: str, limit: int) -> str | None:
    """A link of at most ``limit`` characters, its markup included; None where that is too long, or it is no address."""
    link = web_link(address)
    if link is None:
        return None
    whole = f"<{link.replace('&', '&amp;').replace('|', '%7C')}|{name}>"
    return whole if len(whole) <= limit else None


def _short(text: str) -> str:
    return fitted(" ".join(text.split()), 200, mrkdwn)
