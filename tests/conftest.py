"""What holds for every test."""

from __future__ import annotations

import signal

import pytest
import structlog
from hypothesis import settings

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
