"""Functions of trusted local code, imported for the check ``python``. Feeds ``prepare``.

A suite may come from a stranger's pull request, so it cannot say itself which code it may call: packages are named
in ``HOLDFAST_CHECK_PACKAGES``, in the environment of whoever runs it, and none are by default.
"""

from __future__ import annotations

import importlib
import inspect
from collections.abc import Callable, Mapping

from checks.local_code import Functions, Judgement
from checks.quote import shortened

PACKAGES = "HOLDFAST_CHECK_PACKAGES"
_REASON_CHARS = 200


def functions_of(environ: Mapping[str, str]) -> Functions:
    """What imports functions from the packages that the environment names; it raises ValueError for all others."""
    allowed = frozenset(filter(None, (name.strip() for name in environ.get(PACKAGES, "").split(","))))
    return lambda name: _imported(name, allowed)


def unread(_name: str) -> Judgement:
    """For suites that nothing will be sent for: code is neither imported nor called."""
    return lambda _answer, _sample, _context: None


def _imported(name: str, allowed: frozenset[str]) -> Judgement:
    module_name, _, attribute = name.partition(":")
    package = module_name.partition(".")[0]
    if package not in allowed:
        raise ValueError(f"{name} may not run here: it is code on this machine; allow it with {PACKAGES}={package}")
    try:
        found = getattr(importlib.import_module(module_name), attribute, None)
    except (Exception, SystemExit) as error:  # bulkhead: the user's own module may fail at import in any way
        why = shortened(f"{type(error).__name__}: {error}", _REASON_CHARS)
        raise ValueError(f"{module_name} could not be imported: {why}") from error
    if not callable(found):
        raise ValueError(f"there is no function {attribute} in {module_name}")
    return _called_with(found, _parameters(found, name))


def _parameters(function: Callable[..., object], name: str) -> int:
    """How many of (answer, sample, context) the function takes; a parameter with a default keeps it.

    Raises:
        ValueError: it cannot be called with them.
    """
    if inspect.iscoroutinefunction(function) or inspect.iscoroutinefunction(type(function).__call__):
        raise ValueError(f"{name} is async: checks are pure and wait for nothing; make it a plain function")
    try:
        signature = inspect.signature(function)
    except (TypeError, ValueError) as error:
        raise ValueError(f"{name} does not say what it takes; wrap it in a function that takes the answer") from error
    for count in (1, 2, 3):
        if _binds(signature, count):
            return count
    raise ValueError(f"{name}{signature} must take the answer; it may take (answer, sample, context)")


def _binds(signature: inspect.Signature, count: int) -> bool:
    try:
        signature.bind(*range(count))
    except TypeError:
        return False
    return True


def _called_with(function: Callable[..., object], count: int) -> Judgement:
    def judgement(*known: object) -> object:
        try:
            return function(*known[:count])
        except SystemExit as error:  # would end the program, and exit codes are verdicts
            raise RuntimeError("it called sys.exit") from error

    return judgement
