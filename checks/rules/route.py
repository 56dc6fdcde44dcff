"""The check ``route``: who may answer. The one policy among the checks."""

from __future__ import annotations

from fnmatch import fnmatchcase
from typing import Any, ClassVar, Literal

from pydantic import Field, TypeAdapter, model_validator

from checks.argument import Argument, Texts
from checks.check import PASSED, CheckContext, failed, skipped, unmeasured
from checks.finding import Outcome
from checks.quote import listed, quoted
from probes.fault import Fault
from probes.sample import Sample

_NAMES = ("model", "provider", "deployment", "region", "fingerprint", "tier", "gateway")
_DETOURS = ("cache", "fallbacks", "retries")


class Most(Argument):
    """The most there may be; written ``0`` or ``{max: 0}``."""

    main: ClassVar[str] = "max"

    max: int = Field(ge=0, strict=True)


class AllowedRoute(Argument):
    """Patterns with ``*`` and ``?`` for who may answer, and what part caches, fallbacks and retries may have in it."""

    main: ClassVar[str] = "model"
    examples: ClassVar[tuple[Any, ...]] = (
        {"model": "support-bot-*", "cache": "miss"},
        "support-bot-*",
        {"provider": ["azure", "openai"], "fallbacks": {"max": 0}},
    )

    model: Texts | None = None
    provider: Texts | None = None
    deployment: Texts | None = None
    region: Texts | None = None
    fingerprint: Texts | None = None
    tier: Texts | None = None
    gateway: Texts | None = None
    cache: Literal["hit", "miss"] | None = None
    fallbacks: Most | None = None
    retries: Most | None = None
    max_fallbacks: int | None = Field(default=None, ge=0, strict=True)
    """The same as ``fallbacks``."""

    @model_validator(mode="after")
    def _says_something(self) -> AllowedRoute:
        if all(getattr(self, field) is None for field in type(self).model_fields):
            raise ValueError(f"nothing is asked of the route; give one of {', '.join((*_NAMES, *_DETOURS))}")
        if self.fallbacks is not None and self.max_fallbacks is not None:
            raise ValueError("fallbacks and max_fallbacks are the same; drop one of them")
        return self

    @property
    def limits(self) -> dict[str, int]:
        """The most fallbacks and retries, where limited."""
        said = {"fallbacks": self.fallbacks, "retries": self.retries}
        old = {} if self.max_fallbacks is None else {"fallbacks": self.max_fallbacks}
        return old | {name: most.max for name, most in said.items() if most is not None}


class Route:
    """Every declared name matches one of its patterns.

    A script passes where everyone who answered one of its requests may. A declared name that a reply does not tell is
    an error, because an allow-list nobody can check is not kept.
    Caches, fallbacks and retries are told by few gateways: where they are not, those are left out, and the sample is
    skipped if nothing else was asked.
    """

    name: ClassVar[str] = "route"
    argument: ClassVar[TypeAdapter[Any]] = TypeAdapter(AllowedRoute)
    policy: ClassVar[bool] = True
    fault: ClassVar[Fault] = Fault.ROUTING
    reads_answer: ClassVar[bool] = False

    def __init__(self, argument: AllowedRoute) -> None:
        self._names: dict[str, tuple[str, ...]] = {
            name: globs for name in _NAMES if (globs := getattr(argument, name)) is not None
        }
        self._cache = argument.cache
        self._limits = argument.limits

    def examine(self, sample: Sample, context: CheckContext) -> Outcome:
        told = [(name, getattr(route, name)) for route in sample.routes for name in self._names]
        for name, value in told:
            if value is not None and not self._allowed(name, value):
                return failed(f"expected {name} {listed(self._names[name])}, got {quoted(value)}")
        detour = self._detour(sample)
        if detour:
            return failed(detour)
        untold = list(dict.fromkeys(name for name, value in told if value is None))
        if untold:
            return unmeasured(f"the reply does not say which {' and '.join(untold)} answered")
        if not told and not self._detour_told(sample):
            return skipped(f"the reply tells nothing of {' or '.join(self._detours)}")
        return PASSED

    def _allowed(self, name: str, value: str) -> bool:
        return any(fnmatchcase(value, glob) for glob in self._names[name])

    def _detour(self, sample: Sample) -> str:
        cache = sample.route.cache
        if self._cache is not None and cache is not None and cache != self._cache:
            return f"expected a cache {self._cache}, got {quoted(cache, 40)}"
        for name, limit in self._limits.items():
            took = getattr(sample.route, name)
            if took is not None and took > limit:
                return f"expected at most {limit} {name}, got {took}"
        return ""

    @property
    def _detours(self) -> tuple[str, ...]:
        return (*(["cache"] if self._cache is not None else []), *self._limits)

    def _detour_told(self, sample: Sample) -> bool:
        return any(getattr(sample.route, name) is not None for name in self._detours)
