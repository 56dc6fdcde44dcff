"""promptfoo's providers as the endpoints of a suite. Feeds ``conversion``.

Secrets stay out: a key that stands in the configuration is never copied, the endpoint names a variable instead.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from runner.importers.located import Located
from runner.importers.promptfoo.asked import Tools
from runner.importers.promptfoo.families import Family, family_of
from runner.importers.promptfoo.http_provider import http_endpoint
from runner.importers.promptfoo.naming import Names
from runner.importers.promptfoo.provider_config import PARAMS, configured
from runner.importers.promptfoo.sources import FILE, Sources
from runner.importers.promptfoo.transforms import can_stand_for
from runner.importers.promptfoo.trouble import LOCAL_CODE, CannotCarry

STAND_IN: dict[str, Any] = {
    "base_url": "${HOLDFAST_BASE_URL}",
    "model": "${HOLDFAST_MODEL}",
    "api_key": "${HOLDFAST_API_KEY}",
}
"""What is asked where no provider could be carried: the reader says it in the environment."""
JUDGES = ("judge", "embedder")
"""Names of the endpoints that judge checks ask."""
_ELSEWHERE = (
    FILE,
    "exec:",
    "python:",
    "javascript:",
    "ruby:",
    "golang:",
    "package:",
    "echo",
    "ws:",
    "wss:",
    "webhook:",
)


@dataclass(frozen=True, slots=True, kw_only=True)
class MadeEndpoint:
    """An endpoint as it will be written."""

    name: str
    written: Mapping[str, Any]
    source: Located | None = None
    remark: str = ""
    tools: Tools | None = None
    """Functions it offers; None where they stand elsewhere."""
    transform: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class EndpointMaker:
    """Makes endpoints of providers; state: the names given."""

    sources: Sources
    names: Names = field(default_factory=lambda: Names(*JUDGES))

    def endpoints(self, config: Located) -> list[MadeEndpoint]:
        """All endpoints, a stand-in where none could be carried; what could not is on the list."""
        found = [one for key in ("providers", "targets") for one in self._all(config.at(key))]
        if found:
            return found
        return [
            MadeEndpoint(name="production", written=STAND_IN, remark="say in the environment where to ask", tools=())
        ]

    def _all(self, written: Located | None) -> list[MadeEndpoint]:
        found: list[MadeEndpoint] = []
        for entry in [] if written is None else written.entries():
            try:
                found.extend(self._several(entry))
            except CannotCarry as trouble:
                entry.lost(f"not carried: {trouble}")
        return found

    def _several(self, entry: Located) -> list[MadeEndpoint]:
        if (
            isinstance(entry.value, str)
            and entry.value.startswith(FILE)
            and entry.value.endswith((".yaml", ".yml", ".json"))
        ):
            documents = [self.sources.document(path) for path in self.sources.named(entry.value)]
            entry.taken()
            return [one for document in documents for one in self._all(document)]
        return [self._one(*_id_and_options(entry))]

    def _one(self, provider: Located, options: Located | None) -> MadeEndpoint:
        if not isinstance(provider.value, str):
            raise CannotCarry("a provider has an id")
        label = None if options is None else options.at("label")
        config = None if options is None else options.at("config")
        written, tools = self._written(provider.value, config or provider.made({}))
        transform = _provider_options(options)
        provider.taken()
        name = str(label.taken()) if label is not None else provider.value.rpartition("//")[2].replace(":", "-")
        return MadeEndpoint(
            name=self.names.unique(name, "endpoint"),
            written=written,
            source=provider,
            remark=f"from {provider.place}",
            tools=tools,
            transform=transform,
        )

    def _written(self, provider: str, config: Located) -> tuple[dict[str, Any], Tools | None]:
        if provider in ("http", "https") or provider.startswith(("http://", "https://")):
            return http_endpoint(provider, config), ()
        if provider.startswith(_ELSEWHERE):
            raise CannotCarry(
                f"{provider.partition(':')[0]} runs local code or no model; Holdfast asks endpoints over HTTP"
            )
        found = family_of(provider)
        if found is None:
            raise CannotCarry(f"Holdfast knows no way to ask {provider!r}; protocol http asks any JSON API")
        return configured(*found, config), tools_of(config, found[0])


def _id_and_options(entry: Located) -> tuple[Located, Located | None]:
    """A text; a mapping with an id; or ``{id: options}``."""
    if not entry.is_map:
        return entry, None
    provider = entry.at("id")
    if provider is not None:
        return provider, entry
    (key, options), *more = entry.items() or [("", entry)]
    if not key or more:
        raise CannotCarry("a provider is a text, or a mapping with an id")
    return entry.made(key), options


def _provider_options(options: Located | None) -> str | None:
    if options is None:
        return None
    options.lost_at("prompts", "not carried: every probe is asked at every endpoint")
    options.lost_at("delay", "not carried: say requests_per_minute")
    transform = options.at("transform")
    if transform is None:
        return None
    if can_stand_for(str(transform.plain)):
        transform.taken()
    else:
        transform.lost(f"not carried, and no check that looks at the text it makes: {LOCAL_CODE}")
    return str(transform.plain)


def tools_of(config: Located, family: Family) -> Tools | None:
    """Functions with their parameters that an endpoint offers, in OpenAI's form; None where a file holds them."""
    found: list[Mapping[str, Any]] = []
    for key in ("tools", "functions"):
        given = config.at(key)
        if given is None:
            continue
        if not given.is_list:
            return None
        for tool in given.plain:
            function = tool.get("function", tool) if isinstance(tool, dict) else {}
            if isinstance(function, dict) and "name" in function:
                found.append(function)
    return found if family.protocol in PARAMS else None


def able_to_ask(endpoints: Sequence[MadeEndpoint], probes: Sequence[Mapping[str, Any]]) -> list[MadeEndpoint]:
    """The endpoints whose requests carry every probe; the others are on the list."""
    chats = any(probe.get("params") or len(probe.get("messages", ())) > 1 for probe in probes)
    unable = [one for one in endpoints if chats and one.written.get("protocol") == "http"]
    for one in unable:
        if one.source is not None:
            one.source.lost("not carried: prompts are chats, or have params, which its request sends as one text")
    return [one for one in endpoints if one not in unable]


def shared_tools(endpoints: Sequence[MadeEndpoint]) -> Tools | None:
    """The functions that every endpoint offers; None where they differ."""
    first = endpoints[0].tools
    return first if all(one.tools == first for one in endpoints) else None
