"""``holdfast daemon``: the cron-like service."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from runner.cli import options as opt

if TYPE_CHECKING:
    from collections.abc import Sequence

    from runner.prepare import PreparedSuite
    from runner.settings import LoadedSettings


def daemon(
    suites: Annotated[
        list[Path] | None, typer.Argument(help="Suite files or folders; default: the settings' folder of suites.")
    ] = None,
    store: opt.Store = None,
    config: opt.Config = None,
    listen: Annotated[
        str | None, typer.Option("--listen", metavar="HOST:PORT", help="Where to answer; port 0 takes a free one.")
    ] = None,
) -> int:
    """Fire suites on their schedules, send alerts, and answer /metrics, /healthz and report pages, until stopped."""
    from runner.cli.session import prepare_all, settings_beside
    from runner.logs import log_json

    log_json()
    loaded = with_listen(settings_beside(suites or [], config), listen)
    paths = suites or [loaded.folder / loaded.settings.suites]
    prepared = prepare_all(paths, frozenset(loaded.notifiers), loaded.settings.spend)
    asyncio.run(_serve(prepared, loaded, store))
    return 0


def with_listen(loaded: LoadedSettings, listen: str | None) -> LoadedSettings:
    """Settings with the address from the command line.

    Raises:
        UsageError: it is no address, or off loopback without a token.
    """
    from dataclasses import replace

    from pydantic import ValidationError

    from probes.errors import UsageError
    from runner.settings import Settings

    if listen is None:
        return loaded
    try:
        settings = Settings.model_validate({**dict(loaded.settings), "listen": listen})
    except ValidationError as error:
        raise UsageError(f"--listen: {error.errors()[0]['msg'].removeprefix('Value error, ')}") from error
    return replace(loaded, settings=settings)


async def _serve(prepared: Sequence[PreparedSuite], loaded: LoadedSettings, store: str | None) -> None:
    from contextlib import closing
    from importlib.metadata import version

    import structlog

    from reports.metrics import Metrics
    from runner.daemon import Daemon
    from runner.web import bound, listening, origin
    from runner.wiring import installation

    settings = loaded.settings
    host = settings.listen_host
    with closing(bound(host, settings.listen_port)) as listener:
        links = f"{origin(listener, host)}/report"
        async with installation(
            loaded, store_option=store, report_link=lambda record: f"{links}/{record.suite}/{record.endpoint}"
        ) as here:
            service = Daemon(here, prepared, Metrics(version("holdfast")))
            async with listening(service, listener):
                port = listener.getsockname()[1]
                structlog.get_logger("holdfast.daemon").info("listening", host=host, port=port)
                await service.serve()
