"""Logs on stderr: JSON lines with stable field names for the daemon, or text; warnings for people everywhere else.

What a log may hold of an exception is its type and the places it passed, never the values that were there: locals
and messages quote prompts, answers and keys. What goes wrong while writing a log must not stop what is logged.
"""

from __future__ import annotations

import asyncio
import json
import logging
import os
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, TextIO

import structlog
from structlog.tracebacks import ExceptionDictTransformer
from structlog.typing import EventDict, ExcInfo, Processor

from reports.escaping import visible

LEVELS = {"debug": logging.DEBUG, "info": logging.INFO, "warning": logging.WARNING, "error": logging.ERROR}
LONGEST_FOREIGN = 500
"""Characters kept of a message that another library logged."""
SHOWN_OF_A_FRAME = ("filename", "lineno", "name")


def log_quietly() -> None:
    """For commands: warnings and worse on stderr, so that stdout holds the result and nothing else."""
    structlog.configure(
        processors=[
            structlog.contextvars.merge_contextvars,
            structlog.processors.add_log_level,
            _harmless,
            structlog.dev.ConsoleRenderer(colors=False, exception_formatter=structlog.dev.plain_traceback),
        ],
        wrapper_class=structlog.make_filtering_bound_logger(logging.WARNING),
        logger_factory=_lines,
        cache_logger_on_first_use=True,
    )


def log_json(level: int = logging.INFO) -> None:
    """Send structlog events from a level on, and other libraries' warnings, to stderr as one JSON line each."""
    _log([*_fields(), _harmless, _render()], level)


def log_text(level: int = logging.INFO) -> None:
    """The same events as lines for people, coloured where stderr is a terminal. For programs: ``log_json``."""
    colors = sys.stderr is not None and sys.stderr.isatty() and not os.environ.get("NO_COLOR")
    _log([*_fields(), _places, _harmless, structlog.dev.ConsoleRenderer(colors=colors, pad_event_to=20)], level)


@contextmanager
def lines_of_run(*, run_id: str, suite: str, endpoint: str) -> Iterator[None]:
    """Within the block every log line of this task, and of the tasks and threads it starts, tells the run.

    An error that leaves the block takes the mark with it, so that whoever reports it tells the run as well.
    """
    names = structlog.contextvars.bind_contextvars(run_id=run_id, suite=suite, endpoint=endpoint)
    yield
    structlog.contextvars.unbind_contextvars(*names)


def _log(processors: list[Processor], level: int) -> None:
    structlog.configure(
        processors=[structlog.contextvars.merge_contextvars, *processors],
        wrapper_class=structlog.make_filtering_bound_logger(level),
        logger_factory=_lines,
        cache_logger_on_first_use=True,
    )
    handler = ForeignLines(Lines(sys.stderr))
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=[structlog.stdlib.ExtraAdder(allow=()), structlog.stdlib.add_logger_name, _shortened],
            processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, *processors],
        )
    )
    # never below: at lower levels other libraries tell addresses, headers and texts
    logging.basicConfig(handlers=[handler], level=max(level, logging.WARNING), force=True)


def log_loop_trouble(_loop: asyncio.AbstractEventLoop, context: dict[str, Any]) -> None:
    """For ``loop.set_exception_handler``: what no task waited for, told by type; its text may quote anything."""
    error = context.get("exception")
    structlog.get_logger("holdfast.loop").error(
        "loop_trouble",
        message=str(context.get("message", "")),
        error=type(error).__name__ if error is not None else "",
        exc_info=error,
    )


class Lines:
    """A log's end: whole lines to a stream. One that is closed, full or broken takes nothing and stops nobody."""

    def __init__(self, stream: TextIO | None) -> None:
        self._stream = stream
        self._turn = threading.Lock()

    def msg(self, message: str) -> None:
        """Write one line, or nothing."""
        if self._stream is None:
            return  # the process was started without a standard error
        with self._turn:
            try:
                self._stream.write(message + "\n")
                self._stream.flush()
            except (OSError, ValueError):
                pass  # nobody is left to tell; the work goes on

    log = debug = info = warn = warning = error = critical = fatal = failure = exception = msg


class ForeignLines(logging.Handler):
    """Brings the records of other libraries into our lines."""

    def __init__(self, lines: Lines) -> None:
        super().__init__(logging.WARNING)
        self._lines = lines

    def emit(self, record: logging.LogRecord) -> None:
        try:
            line = self.format(record)
        except (TypeError, ValueError, KeyError):
            line = json.dumps({"event": "unreadable_record", "logger": record.name, "level": "warning"})
        self._lines.msg(line)


def _lines(*_names: Any) -> Lines:
    return Lines(sys.stderr)


def _fields() -> list[Processor]:
    return [
        structlog.processors.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        structlog.processors.ExceptionRenderer(_bare_traceback),
    ]


def _render() -> Processor:
    return structlog.processors.JSONRenderer(ensure_ascii=False, default=_type_of)


def _type_of(value: object) -> str:
    return f"<{type(value).__name__}>"


def _harmless(_logger: Any, _method: str, event: EventDict) -> EventDict:
    """Texts without anything that steers a terminal: what a channel or an endpoint said may be among them."""
    for name, value in event.items():
        if isinstance(value, str):
            event[name] = visible(value)
        elif isinstance(value, list | tuple):
            event[name] = [visible(part) if isinstance(part, str) else part for part in value]
    return event


def _places(_logger: Any, _method: str, event: EventDict) -> EventDict:
    """An exception for people: its types, and the places it passed, one a line."""
    stacks = event.pop("exception", None)
    if isinstance(stacks, list):
        lines = [f"  {stack['exc_type']}{_passed(stack['frames'])}" for stack in stacks]
        event["exception"] = "\n".join(lines)
    return event


def _passed(frames: list[dict[str, Any]]) -> str:
    return "".join(f"\n    {frame['filename']}:{frame['lineno']} in {frame['name']}" for frame in frames)


def _shortened(_logger: Any, _method: str, event: EventDict) -> EventDict:
    event["event"] = str(event.get("event", ""))[:LONGEST_FOREIGN]
    return event


_extract = ExceptionDictTransformer(show_locals=False)


def _bare_traceback(exc_info: ExcInfo) -> list[dict[str, Any]]:
    """Types and places of an exception and its causes. Its text is left out, as its locals are."""
    return [
        {
            "exc_type": stack["exc_type"],
            "is_cause": stack["is_cause"],
            "frames": [{name: frame[name] for name in SHOWN_OF_A_FRAME} for frame in stack["frames"]],
        }
        for stack in _extract(exc_info)
    ]
