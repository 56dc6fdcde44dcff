"""promptfoo's provider for any HTTP API as an endpoint of ``protocol: http``. Feeds ``endpoints_of``."""

from __future__ import annotations

import json
import re
from typing import Any
from urllib.parse import urlsplit

from runner.importers.located import Located
from runner.importers.promptfoo.provider_config import headers_of
from runner.importers.promptfoo.templates import jinja_of, with_environment
from runner.importers.promptfoo.trouble import LOCAL_CODE, CannotCarry

_PLACE = re.compile(r"(?:json|result)((?:\??\.[A-Za-z_]\w*|\[\d+\]|\[['\"][^'\"]+['\"]\])+);?")
_NAME = re.compile(r"\{\{(-?\s*)([A-Za-z_]\w*)")
_OWN = frozenset({"prompt", "not", "true", "false", "none"})
_STRUCTURED = re.compile(r"^\s*[\[{]")
_CONTENT_TYPE = "content-type"


def http_endpoint(provider: str, config: Located) -> dict[str, Any]:
    """The endpoint.

    Raises:
        CannotCarry: it does not say where to ask or where the answer stands, or only code could.
    """
    url = config.taken_at("url") or provider
    parts = urlsplit(str(with_environment(url)))
    if "{{" in str(url).replace("{{env", "") or not parts.netloc:
        raise CannotCarry("its address is no plain address")
    method = str(config.taken_at("method") or ("POST" if config.at("body") else "GET")).upper()
    request: dict[str, Any] = {"method": method}
    query = config.at("queryParams")
    if query is not None:
        request["query"] = {name: _template(value) for name, value in with_environment(query.taken()).items()}
    body = config.at("body")
    if body is not None:
        request["body"] = _body(body)
    headers = {name: value for name, value in headers_of(config).items() if name.lower() != _CONTENT_TYPE}
    return {
        "protocol": "http",
        "base_url": parts.geturl(),
        **({"headers": headers} if headers else {}),
        "request": request,
        "response": {"answer": _answer(config)},
    }


def _body(body: Located) -> Any:
    plain = body.plain
    if isinstance(plain, str) and _STRUCTURED.match(plain):
        try:
            plain = json.loads(plain)
        except (ValueError, RecursionError):
            raise CannotCarry("its body is a text that is no JSON before it is filled in") from None
    elif isinstance(plain, str):
        raise CannotCarry("its body is no JSON")
    body.taken()
    return _template(plain)


def _template(value: Any) -> Any:
    """The same for the names that requests of a suite know: the prompt, and the probe's variables under ``vars``."""
    if isinstance(value, dict):
        return {key: _template(inner) for key, inner in value.items()}
    if isinstance(value, list):
        return [_template(inner) for inner in value]
    if not isinstance(value, str):
        return value
    text = jinja_of(with_environment(value))
    return _NAME.sub(lambda match: f"{{{{{match[1]}{_known(match[2])}", text)


def _known(name: str) -> str:
    return name if name in _OWN else f"vars.{name}"


def _answer(config: Located) -> str:
    given = config.at("transformResponse") or config.at("responseParser")
    if given is None:
        raise CannotCarry("it does not say where in the reply the answer stands (transformResponse)")
    match = _PLACE.fullmatch(str(given.plain).strip())
    if match is None:
        raise CannotCarry(f"its transformResponse is more than a place in the reply: {LOCAL_CODE}")
    given.taken()
    return "$" + match[1].replace("?", "")
