"""The one error tree of the project. Every error a user may meet is drawn here; anything else is a bug.

HoldfastError
├── UsageError       the command line asks for something that cannot be          exit code 2
├── InputError       a file of the user's is wrong; carries every Problem found  exit code 2
│   ├── SuiteError       in a suite
│   └── SettingsError    in holdfast.yaml or the environment
├── StoreError       the store cannot be read or written                          exit code 3
│   └── UnusableStore    and no other try will: it is none, or of a newer version     exit code 2
└── DeliveryError    a notifier could not deliver (retried from the outbox)
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Problem:
    """One thing wrong with one place of a user's file. Lines and columns count from 1; 0 means unknown."""

    file: str
    line: int
    column: int
    message: str
    """What is wrong, with the offending value in it."""
    hint: str = ""
    """What would be right: the nearest name, the allowed values, an example."""

    def __str__(self) -> str:
        place = f"{self.file}:{self.line}:{self.column}" if self.line else self.file
        return f"{place}: {self.message}" + (f" ({self.hint})" if self.hint else "")


class HoldfastError(Exception):
    """Root of every error that is told to the user in one line, without a traceback."""

    exit_code = 3


class UsageError(HoldfastError):
    """The command line asks for something that cannot be."""

    exit_code = 2


class InputError(HoldfastError):
    """One or several problems in a user's file. Nothing was sent."""

    exit_code = 2

    def __init__(self, problems: Sequence[Problem]) -> None:
        self.problems = tuple(problems)
        super().__init__("\n".join(map(str, self.problems)))


class SuiteError(InputError):
    """A suite cannot be used as written."""


class SettingsError(InputError):
    """The settings of the installation cannot be used as written."""


class StoreError(HoldfastError):
    """The store cannot be opened, read or written."""


class UnusableStore(StoreError):
    """What the store's address names is no store of this version; a restart mends nothing."""

    exit_code = 2


class DeliveryError(HoldfastError):
    """A notifier could not deliver.

    ``permanent`` means that trying again cannot help (a revoked token, an archived channel);
    ``retry_after_s`` is what the receiver asked for, in seconds.
    """

    def __init__(self, message: str, *, permanent: bool = False, retry_after_s: float | None = None) -> None:
        self.permanent = permanent
        self.retry_after_s = retry_after_s
        super().__init__(message)
