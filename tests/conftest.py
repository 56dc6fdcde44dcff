"""What holds for every test."""

from __future__ import annotations

import signal
from collections.abc import Iterator
from contextlib import closing
from typing import TYPE_CHECKING

import pytest
import structlog
from hypothesis import settings

if TYPE_CHECKING:
    from runner.store.base import Store
    from tests.fakes.slack import FakeSlack

# Speed is a matter of benchmarks: a test that loads a model at its first example is not wrong for that.
settings.register_profile("holdfast", deadline=None)
settings.load_profile("holdfast")

# A shell's background job ignores this signal, and so would every command a test starts and interrupts.
if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    signal.signal(signal.SIGINT, signal.default_int_handler)


@pytest.fixture(autouse=True)
def _logs_as_if_nobody_had_set_them_up() -> None:
    """What one test does to the logs of this process is not there in the next."""
    structlog.reset_defaults()
    # said outright: an installation sets logs up for a command where nobody has, and keeps its loggers
    structlog.configure(cache_logger_on_first_use=False)


@pytest.fixture
def slack() -> Iterator[FakeSlack]:
    """A stand-in for Slack."""
    from tests.fakes.slack import FakeSlack

    with FakeSlack() as stand_in:
        yield stand_in


@pytest.fixture
def store() -> Iterator[Store]:
    """A store in memory, empty."""
    from runner.store import open_store

    with closing(open_store(":memory:")) as opened:
        yield opened
