"""The ``config`` of a promptfoo provider as keys of an endpoint. Feeds ``endpoints_of``.

Source: promptfoo 0.121, src/providers: it asks with temperature 0 and at most 1024 tokens unless told otherwise, and
the suite says so, because a question asked otherwise is another question.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from runner.importers.located import Located
from runner.importers.promptfoo.families import Family
from runner.importers.promptfoo.templates import is_template, with_environment
from runner.importers.promptfoo.trouble import CannotCarry

_CHAT = frozenset(
    {"temperature", "max_tokens", "max_completion_tokens", "top_p", "presence_penalty", "frequency_penalty", "stop",
     "response_format", "tools", "tool_choice", "functions", "function_call", "reasoning_effort", "service_tier",
     "user", "metadata", "store", "logit_bias", "n", "parallel_tool_calls", "verbosity", "prompt_cache_key"}
)  # fmt: skip
_RESPONSES = (_CHAT - {"max_tokens", "max_completion_tokens", "functions", "function_call", "response_format"}) | {
    "max_output_tokens", "instructions", "reasoning", "text", "truncation", "include",
}  # fmt: skip
_ANTHROPIC = frozenset(
    {"temperature", "max_tokens", "top_p", "top_k", "tools", "tool_choice", "thinking", "stop_sequences", "metadata"}
)
_GEMINI = frozenset({"generationConfig", "safetySettings", "systemInstruction", "toolConfig", "tools"})
PARAMS: Mapping[str, frozenset[str]] = {
    "openai-chat": _CHAT,
    "openai-responses": _RESPONSES,
    "azure-openai": _CHAT,
    "anthropic-messages": _ANTHROPIC,
    "gemini": _GEMINI,
}
"""What goes into the request body under its own name."""
_GENERATION = {
    "temperature": "temperature",
    "maxOutputTokens": "maxOutputTokens",
    "max_tokens": "maxOutputTokens",
    "topP": "topP",
    "topK": "topK",
    "stopSequences": "stopSequences",
}
_DEFAULTS: Mapping[str, Mapping[str, Any]] = {
    "openai-chat": {"temperature": 0, "max_tokens": 1024},
    "azure-openai": {"temperature": 0, "max_tokens": 1024},
    "openai-responses": {"temperature": 0, "max_output_tokens": 1024},
    "anthropic-messages": {"temperature": 0, "max_tokens": 1024},
}
_REASONING = ("gpt-5", "o1", "o3", "o4")
"""Models that take no temperature, and that promptfoo sends none."""
_MILLION = 1_000_000


def configured(family: Family, model: str, config: Located) -> dict[str, Any]:
    """An endpoint of a family.

    Raises:
        CannotCarry: it does not say where to ask.
    """
    address = _address(family, model, config)
    made: dict[str, Any] = {"protocol": family.protocol, **address}
    if family.protocol == "azure-openai":
        made |= {"deployment": model, "api_version": str(config.taken_at("apiVersion") or "2024-10-21")}
    else:
        made["model"] = model
    made |= _credentials(family, config)
    params = _params(family, model, config)
    seed = config.at("seed")
    if seed is not None and isinstance(seed.plain, int):
        made["seed"] = seed.taken()
    made |= _prices(config)
    return {**made, "params": params} if params else made


def _address(family: Family, model: str, config: Located) -> dict[str, Any]:
    base = config.at("apiBaseUrl") or config.at("apiHost")
    if base is not None:
        text = str(with_environment(base.taken()))
        return {"base_url": text if "://" in text or text.startswith("${") else f"https://{text}{_version(family)}"}
    if family.base_url:
        return {"base_url": family.base_url}
    if family.protocol == "gemini":
        region = str(config.taken_at("region") or "us-central1")
        project = str(with_environment(config.taken_at("projectId") or "${VERTEX_PROJECT_ID}"))
        host = f"https://{region}-aiplatform.googleapis.com"
        return {"base_url": f"{host}/v1/projects/{project}/locations/{region}/publishers/google"}
    raise CannotCarry(f"it does not say where {model} is: apiHost is missing")


def _version(family: Family) -> str:
    return "/v1" if family.protocol.startswith("openai") else ""


def _credentials(family: Family, config: Located) -> dict[str, Any]:
    made: dict[str, Any] = {}
    given, variable = config.at("apiKey"), config.taken_at("apiKeyEnvar")
    key = f"${{{variable or family.key}}}" if variable or family.key else ""
    if given is not None:
        written = with_environment(given.plain)
        if isinstance(written, str) and written.startswith("${") and written.endswith("}"):
            key = written
            given.taken()
        else:
            key = key or "${API_KEY}"
            given.lost(f"not carried: keys do not belong into files; put it into the environment as {key[2:-1]}")
    if key and family.key == "VERTEX_ACCESS_TOKEN":
        made["headers"] = {"Authorization": f"Bearer {key}"}
    elif key:
        made["api_key"] = key
    headers = {**made.pop("headers", {}), **headers_of(config)}
    if config.at("organization") is not None:
        headers["OpenAI-Organization"] = str(with_environment(config.taken_at("organization")))
    return {**made, "headers": headers} if headers else made


def headers_of(config: Located) -> dict[str, str]:
    """Headers of every request; a credential that stands there is left out and listed."""
    kept: dict[str, str] = {}
    given = config.at("headers")
    for name, value in [] if given is None else given.items():
        written = str(with_environment(value.plain))
        secret = any(word in name.lower() for word in ("auth", "key", "token", "cookie", "secret"))
        if secret and "${" not in written:
            variable = name.upper().replace("-", "_")
            value.lost(f"not carried: credentials do not belong into files; put it into the environment as {variable}")
            written = f"${{{variable}}}"
        else:
            value.taken()
        kept[name] = written
    return kept


def _params(family: Family, model: str, config: Located) -> dict[str, Any]:
    found: dict[str, Any] = {}
    generation: dict[str, Any] = {}
    for key, value in config.items():
        if family.protocol == "gemini" and key in _GENERATION:
            generation[_GENERATION[key]] = value.taken()
        elif key == "passthrough" and value.is_map and not is_template(value.plain):
            found |= value.taken()
        elif key in PARAMS[family.protocol]:
            found |= _param(key, value)
    if generation:
        found["generationConfig"] = {**generation, **found.get("generationConfig", {})}
    return {**_defaults(family, model, config, found), **found}


def _param(key: str, value: Located) -> dict[str, Any]:
    plain = with_environment(value.plain)
    if "file://" in str(plain):
        value.lost("not carried: write what the file holds into params")
    elif is_template(plain):
        value.lost("not carried: params of an endpoint are no templates")
    else:
        value.taken()
        return {key: plain}
    return {}


def _defaults(family: Family, model: str, config: Located, found: Mapping[str, Any]) -> dict[str, Any]:
    off = config.at("omitDefaults")
    if off is not None and off.taken() is True:
        return {}
    if model.rpartition("/")[2].startswith(_REASONING) and family.protocol != "anthropic-messages":
        return {}
    defaults = dict(_DEFAULTS.get(family.protocol, {}))
    if "top_p" in found or "thinking" in found:
        defaults.pop("temperature", None) if family.protocol == "anthropic-messages" else None
    return defaults


def _prices(config: Located) -> dict[str, Any]:
    """``cost``, ``inputCost`` and ``outputCost`` are dollars a token; prices of a suite are dollars a million."""
    both = config.at("cost")
    given = {side: config.at(f"{side}Cost") or both for side in ("input", "output")}
    if not all(one is not None and isinstance(one.plain, (int, float)) for one in given.values()):
        return {}
    if both is not None:
        both.taken()
    return {"prices": {side: round(one.taken() * _MILLION, 6) for side, one in given.items() if one is not None}}
