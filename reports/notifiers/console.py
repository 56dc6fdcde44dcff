"""Notices as plain text on a stream, for people at a terminal and for logs. Needs no settings."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Mapping
from typing import TextIO

from probes.errors import DeliveryError
from reports.escaping import one_line, visible
from reports.notice import AlertEvent, Delivery, Notice
from reports.wording import instant


class ConsoleNotifier:
    """Writes to a stream; standard error unless another is handed in, so that standard output stays what it is."""

    def __init__(self, *, stream: TextIO | None = None) -> None:
        if stream is not None and not hasattr(stream, "write"):
            raise ValueError("the console takes no settings")
        self._stream = stream

    def __repr__(self) -> str:
        return "ConsoleNotifier()"

    async def deliver(self, notice: Notice, receipt: Mapping[str, str] | None) -> Delivery:
        """Print one notice.

        Raises:
            DeliveryError: the stream is closed or cannot be written.
        """
        stream = self._stream or sys.stderr
        encoding = getattr(stream, "encoding", None) or "utf-8"
        text = "\n".join(text_lines(notice)) + "\n"
        try:
            stream.write(text.encode(encoding, "replace").decode(encoding))
            stream.flush()
        except (OSError, ValueError) as error:  # ValueError: closed
            raise DeliveryError("the console cannot be written") from error
        return Delivery(receipt={})


def text_lines(notice: Notice) -> Iterator[str]:
    """The whole notice as lines that cannot steer a terminal."""
    yield from foreign_lines(notice)
    yield from own_lines(notice)


def foreign_lines(notice: Notice) -> Iterator[str]:
    """What happened: lines that may quote what an endpoint wrote."""
    word = notice.ended_as if notice.event is AlertEvent.RESOLVED else f"{notice.severity.upper()} {notice.event}"
    yield f"{instant(notice.at)}  {word}  {one_line(notice.headline, 300)}"
    yield from (f"  - {one_line(fact, 400)}" for fact in notice.facts)
    yield from (f"  {one_line(words, 400)}" for words in notice.said)
    yield from (f"  {name}: {one_line(text, 500)}" for name, text in notice.bearings)
    if notice.failures:
        yield f"  failed requests: {one_line(', '.join(notice.failures), 400)}"
    for title, answer in (("a normal answer", notice.before), ("an answer of now", notice.after)):
        if answer:
            yield f"  {title}:"
            yield from (f"    | {line}" for line in visible(answer).splitlines())


def own_lines(notice: Notice) -> Iterator[str]:
    """Whom to ask and what to do: lines of the suite's owner and of ours, to be followed and pasted as they are."""
    owner = " ".join(filter(None, (notice.team, notice.contact)))
    places = {
        "class": ", ".join(notice.faults),
        "owner": owner,
        "runbook": notice.runbook,
        "report": notice.report,
    }
    yield from (f"  {name}: {one_line(text, 500)}" for name, text in places.items() if text)
    yield from (f"  {name}: {one_line(text, 1000)}" for name, text in notice.commands)
    run = f"run {one_line(notice.run_id)}, " if notice.run_id else ""
    yield f"  {run}incident {one_line(notice.incident_id)}"
