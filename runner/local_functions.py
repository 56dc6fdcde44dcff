"""Functions of trusted local code, imported for the check ``python``. Feeds ``prepare``.

A suite may come from a stranger's pull request, so it cannot say itself which code it may call: packages are named
in ``HOLDFAST_CHECK_PACKAGES``, in the environment of whoever runs it, and none are by default.
"""

from __future__ import annotations

import importlib
import inspect
from collections.abc import Callable, Mapping

from checks.local_code import Functions, Judgement

PACKAGES = "HOLDFAST_CHECK_PACKAGES"


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
    except Exception as error:  # bulkhead: the user's own module may fail at import in any way
        raise ValueError(f"{module_name} could not be imported: {type(error).__name__}: {error}") from error
    if not callable(found):
        raise ValueError(f"there is no function {attribute} in {module_name}")
    return _called_with(found, _parameters(found, name))


def _parameters(function: Callable[..., object], name: str) -> int:
    """How many of (answer, sample, context) the function takes.

    Raises:
        ValueError: it cannot be called with them.
    """
    if inspect.iscoroutinefunction(function):
        raise ValueError(f"{name} is async: checks are pure and wait for nothing; make it a plain function")
    signature = inspect.signature(function)
    for count in (3, 2, 1):
        try:
            signature.bind(*range(count))
        except TypeError:
            continue
        return count
    raise ValueError(f"{name}{signature} must take the answer; it may take (answer, sample, context)")


def _called_with(function: Callable[..., object], count: int) -> Judgement:
    return lambda *known: function(*known[:count])
