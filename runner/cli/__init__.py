"""The command line: one module a command group. ``main`` is the only place that turns errors into exit codes.

Modules here import nothing heavy at the top, so that ``holdfast --help`` answers at once.
"""

from __future__ import annotations

import gc
import os
import sys
from collections.abc import Sequence
from contextlib import suppress

from probes.errors import HoldfastError

INTERRUPTED = 130
DEBUG_FLAG = "--debug"


def main(argv: Sequence[str] | None = None) -> None:
    """Run one command and exit with its code. Errors become one line on stderr; ``--debug`` adds the traceback."""
    from runner.cli.outlets import flush_output, use_outlets

    start_lean()
    use_outlets()
    arguments = list(sys.argv[1:] if argv is None else argv)
    debug = DEBUG_FLAG in arguments or bool(os.environ.get("HOLDFAST_DEBUG"))
    arguments = [argument for argument in arguments if argument != DEBUG_FLAG]
    code = _exit_code(arguments, debug=debug)
    with suppress(HoldfastError):  # what an error left in the buffer; it is told already
        flush_output()
    sys.exit(code)


def start_lean() -> None:
    """A command lives for a second: NumPy's threads and the collector's passes over imports would be half of it."""
    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
    gc.set_threshold(50_000, 20, 20)


def _exit_code(arguments: list[str], *, debug: bool) -> int:
    from runner.cli.app import app
    from runner.cli.outlets import flush_output

    try:
        result = app(arguments, standalone_mode=False)
        flush_output()
    except HoldfastError as error:
        _tell(str(error), debug=debug)
        return error.exit_code
    except KeyboardInterrupt:
        return INTERRUPTED
    except Exception as error:  # noqa: BLE001  # the last line of defence: a bug must not show a traceback to a user
        return _usage_or_bug(error, debug=debug)
    return result if isinstance(result, int) else 0


def _usage_or_bug(error: Exception, *, debug: bool) -> int:
    import typer
    from typer.exceptions import TyperException

    if isinstance(error, typer.Exit):
        return int(error.exit_code)
    if isinstance(error, typer.Abort):
        return INTERRUPTED
    if isinstance(error, TyperException):
        # typer's usage errors know how to show themselves with the command's usage; its base class does not say so
        getattr(error, "show", lambda: _tell(str(error), debug=debug))()
        return 2
    _tell(f"this is a bug in holdfast ({type(error).__name__}); run again with {DEBUG_FLAG} to see where", debug=debug)
    return 3


def _tell(message: str, *, debug: bool) -> None:
    error = sys.exc_info()[1]
    if debug and error is not None:
        from runner.cli.trace import bare_traceback

        print(bare_traceback(error), file=sys.stderr)  # noqa: T201
    from reports.escaping import visible

    for line in visible(message).splitlines() or [""]:  # it may name files and quote what others wrote
        print(f"holdfast: {line}", file=sys.stderr)  # noqa: T201  # the one place errors are told
