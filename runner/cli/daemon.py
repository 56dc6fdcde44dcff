"""``holdfast daemon``: the cron-like service."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from runner.cli import options as opt

if TYPE_CHECKING:
    from runner.daemon.daemon import Daemon
    from runner.daemon.suite_watch import SuiteWatch
    from runner.settings.settings import LoadedSettings

LISTEN = "HOLDFAST_LISTEN"


def daemon(
    suites: Annotated[
        list[Path] | None, typer.Argument(help="Suite files or folders; default: the settings' folder of suites.")
    ] = None,
    store: opt.Store = None,
    config: opt.Config = None,
    listen: Annotated[
        str | None, typer.Option("--listen", metavar="HOST:PORT", help="Where to answer; port 0 takes a free one.")
    ] = None,
    wait_lock: Annotated[
        str, typer.Option("--wait-lock", metavar="TIME", help="Wait so long for another daemon that holds the store.")
    ] = "0s",
    log_format: Annotated[
        str, typer.Option("--log-format", metavar="json|text", help="Log lines for programs, or for people.")
    ] = "json",
    log_level: Annotated[
        str, typer.Option("--log-level", metavar="debug|info|warning|error", help="The least that is logged.")
    ] = "info",
) -> int:
    """Fire suites on their schedules, send alerts, and answer /metrics, /healthz and report pages, until stopped."""
    import asyncio

    from probes.clock import SystemClock
    from runner.alerting.dependencies import refuse_circles
    from runner.cli.session import refuse_twins, settings_beside, suite_files
    from runner.daemon.memory import few_arenas
    from runner.daemon.suite_watch import SuiteWatch
    from runner.preparing.prepare import prepare
    from runner.settings.store_place import store_file
    from runner.store.store_lock import only_daemon

    _ignore_hangup()  # until somebody listens: everything is being read now anyway
    log_as(log_format, log_level)
    loaded = with_listen(settings_beside(suites or [], config), listen, os.environ)
    paths = suites or [loaded.folder / loaded.settings.suites]
    watch = SuiteWatch(
        find=lambda: suite_files(paths),
        preparing=lambda path: prepare(path, os.environ, frozenset(loaded.notifiers), loaded.settings.spend),
        clock=SystemClock(),
    )
    with only_daemon(store_file(store, loaded), wait_s=_seconds(wait_lock)):
        begun = watch.begin()
        refuse_twins(begun)
        refuse_circles(begun)
        few_arenas()
        asyncio.run(_serve(watch, loaded, store))
        _ignore_hangup()  # a handler of ours would be undone before the process is gone
    return 0


def _ignore_hangup() -> None:
    """A reload that is asked for while the daemon starts or stops must not end it, as SIGHUP does by default."""
    import signal

    signal.signal(signal.SIGHUP, signal.SIG_IGN)


def _seconds(wait_lock: str) -> float:
    from probes.duration import parse_duration
    from probes.errors import UsageError

    try:
        seconds = parse_duration(wait_lock)
    except ValueError as error:
        raise UsageError(f"--wait-lock: {error}") from None
    return seconds


def log_as(form: str, level: str) -> None:
    """Begin to log.

    Raises:
        UsageError: there is no such form or level.
    """
    from probes.errors import UsageError
    from runner.logs import LEVELS, log_json, log_text

    forms = {"json": log_json, "text": log_text}
    for option, given, known in (("--log-format", form, list(forms)), ("--log-level", level, list(LEVELS))):
        if given not in known:
            raise UsageError(f"{option} is {' or '.join(known)}, not {given!r}")
    forms[form](LEVELS[level])


def with_listen(loaded: LoadedSettings, option: str | None, environ: Mapping[str, str]) -> LoadedSettings:
    """Settings with the address from the command line, else from ``HOLDFAST_LISTEN`` where that is set.

    Raises:
        UsageError: it is no address, or off loopback without a token.
    """
    from dataclasses import replace

    from pydantic import ValidationError

    from probes.errors import UsageError
    from runner.settings.settings import Settings

    listen, named = (option, "--listen") if option is not None else (environ.get(LISTEN) or None, LISTEN)
    if listen is None:
        return loaded
    try:
        settings = Settings.model_validate({**dict(loaded.settings), "listen": listen})
    except ValidationError as error:
        raise UsageError(f"{named}: {error.errors()[0]['msg'].removeprefix('Value error, ')}") from error
    return replace(loaded, settings=settings)


async def _serve(watch: SuiteWatch, loaded: LoadedSettings, store: str | None) -> None:
    import asyncio
    from contextlib import closing
    from importlib.metadata import version

    import structlog

    from reports.metrics.metrics import Metrics
    from runner.daemon.daemon import Daemon
    from runner.daemon.leaving import LEAVE_S, leave_within
    from runner.daemon.web import bound, listening, origin
    from runner.wiring import installation

    settings = loaded.settings
    host = settings.listen_host
    with closing(bound(host, settings.listen_port)) as listener:
        links = f"{settings.public_url or origin(listener, host)}/report"
        async with installation(
            loaded, store_option=store, report_link=lambda record: f"{links}/{record.suite}/{record.endpoint}"
        ) as here:
            service = Daemon(here, watch.suites, Metrics(version("holdfast"), process=True), watch)
            async with listening(service, listener):
                port = listener.getsockname()[1]
                structlog.get_logger("holdfast.daemon").info("listening", host=host, port=port)
                hurried = asyncio.create_task(_leave_soon_if_hurried(service))
                await service.serve()
                leave_within(LEAVE_S)  # Python waits for threads, and one may hang
                hurried.cancel()


async def _leave_soon_if_hurried(service: Daemon) -> None:
    from runner.daemon.leaving import HURRY_S, leave_within

    await service.hurrying()
    leave_within(HURRY_S)
