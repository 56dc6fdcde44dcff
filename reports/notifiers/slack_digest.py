"""A digest as Slack's Block Kit: pure, so that goldens can hold it. Feeds the Slack notifier.

Everything foreign is neutralised as in ``slack_blocks``.
"""

from __future__ import annotations

from collections.abc import Iterator

from reports.messages.digest import (
    commands,
    grounds,
    headline,
    is_over,
    line,
    marks,
    owners,
    rest,
    runbooks,
    severity,
)
from reports.notice import AlertEvent, Digest, Notice
from reports.notifiers.slack_blocks import (
    BLOCKS_MAX,
    FALLBACK_CHARS,
    HEADER_CHARS,
    RESOLVED_MARK,
    SECTION_CHARS,
    SEVERITY_MARKS,
    Block,
    context,
    fitted,
    linked,
    mrkdwn,
    pasted,
    plain,
    section,
    units,
)
from reports.wording import instant

LINE_CHARS = 260
LINK_CHARS = 300
PLACE_CHARS = 200
MARK_CHARS = 140
_MORE = "\n\u2022 and {} more, see above"


def digest_fallback(digest: Digest) -> str:
    """One line for notifications and screen readers."""
    word = "RESOLVED" if is_over(digest) else severity(digest)
    return fitted(f"[{word}] {headline(digest)}", FALLBACK_CHARS, mrkdwn)


def digest_blocks(digest: Digest) -> list[Block]:
    """The whole digest: headline, then the incidents by what they share, each with its report; capped."""
    return list(_blocks(digest))[:BLOCKS_MAX]


def digest_update(digest: Digest) -> str:
    """What is said below the message of a digest, because it must wake somebody: all news but that it is over."""
    loud = [notice for notice in digest.news if notice.event is not AlertEvent.RESOLVED]
    if not loud:
        return ""
    said = _lines(loud, SECTION_CHARS - units(_MORE.format(len(loud))))[0]
    unnamed = len(loud) - said.count("\n") - 1
    return said + (_MORE.format(unnamed) if unnamed else "")


def _blocks(digest: Digest) -> Iterator[Block]:
    mark = f"{RESOLVED_MARK} RESOLVED" if is_over(digest) else SEVERITY_MARKS.get(severity(digest), "\u26aa")
    text = fitted(f"{mark} {headline(digest)}", HEADER_CHARS, plain)
    yield {"type": "header", "text": {"type": "plain_text", "text": text, "emoji": False}}
    since = min(notice.opened_at for notice in digest.notices)
    yield context(f"*{mrkdwn(severity(digest))}* \u00b7 since {instant(since)} \u00b7 as of {instant(digest.at)}")
    for ground in grounds(digest):
        yield section(f"*{fitted(ground.title, 200, mrkdwn)}*")
        for text in _lines(ground.shown, SECTION_CHARS):
            yield section(text)
    for name, places in (("owner", owners(digest)), ("runbook", runbooks(digest))):
        if places:
            yield context(" \u00b7 ".join(_place(name, place) for place in places))
    if found := commands(digest):
        told = "\n".join(command for _, command in found)
        yield section(f"```{fitted(told, SECTION_CHARS - 50, pasted)}\n```")
    more = f"{mrkdwn(rest(digest))} \u00b7 " if rest(digest) else ""
    yield context(f"{more}{mrkdwn(digest.digest_id)}")


def _place(name: str, place: str) -> str:
    return linked(place, name, LINK_CHARS) or f"{name} {fitted(' '.join(place.split()), PLACE_CHARS, mrkdwn)}"


def _lines(notices: list[Notice] | tuple[Notice, ...], most: int) -> list[str]:
    """One line a notice, in texts that each fit into a section."""
    texts: list[str] = []
    for notice in notices:
        added = _line(notice)
        if texts and units(texts[-1]) + units(added) + 1 <= most:
            texts[-1] += f"\n{added}"
        else:
            texts.append(added)
    return texts


def _line(notice: Notice) -> str:
    text = fitted(" ".join(line(notice).split()), LINE_CHARS, mrkdwn)
    behind = "".join(f" \u00b7 {fitted(mark, MARK_CHARS, mrkdwn)}" for mark in marks(notice)) + _link(notice)
    if notice.event is AlertEvent.RESOLVED:
        return f"\u2022 ~{text.replace('~', chr(0x223C))}~{behind}"
    return f"\u2022 {text}{behind}"


def _link(notice: Notice) -> str:
    link = linked(notice.report, "report", LINK_CHARS)
    if link is None:
        return f" \u00b7 {fitted(notice.report, 120, mrkdwn)}" if notice.report else ""
    return f" \u00b7 {link}"
