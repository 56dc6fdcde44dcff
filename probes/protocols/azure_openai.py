"""Azure OpenAI by deployment: OpenAI's chat dialect under Azure's address and key. Feeds ``transport`` and ``fire``.

Source: docs/wire-formats.md. Bodies and streams are read by ``openai_chat``, the reports of Azure's filters included.
Azure's newer address, which ends in /openai/v1, speaks plain ``openai-chat`` and ``openai-responses``.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import ClassVar
from urllib.parse import quote

from probes.conversation import Question
from probes.endpoint import Endpoint
from probes.failure import Failure
from probes.probe import Probe
from probes.protocols.asked import address, secret_of
from probes.protocols.openai_chat import PATH, OpenAIChat
from probes.protocols.protocol import Refusal, Reply, StreamReader, WireRequest

_CHAT = OpenAIChat()
_ROOT = "/openai"


class AzureOpenAI:
    """``protocol: azure-openai``."""

    name: ClassVar[str] = "azure-openai"

    def refusals(self, endpoint: Endpoint, probes: Sequence[Probe]) -> Sequence[Refusal]:
        return (*_incomplete(endpoint), *_CHAT.refusals(endpoint, probes))

    def build(self, endpoint: Endpoint, question: Question) -> WireRequest:
        """The body of ``openai-chat``; which deployment and version of the API is asked stands in the address.

        With ``oauth2`` the token takes the place of the key: Azure is not sent both.
        """
        wire = _CHAT.build(endpoint, question)
        deployment, version = endpoint.deployment or endpoint.model or "", endpoint.api_version or ""
        key = None if endpoint.oauth2 else secret_of(endpoint)
        return replace(
            wire,
            url=address(
                _resource(endpoint.base_url),
                f"{_ROOT}/deployments/{quote(deployment, safe='')}{PATH}",
                {"api-version": quote(version, safe="")},
            ),
            headers={} if key is None else {"api-key": key},
            addressed={"deployment": deployment, "api-version": version},
        )

    def read_reply(self, endpoint: Endpoint, *, status: int, headers: Mapping[str, str], body: bytes) -> Reply:
        return _CHAT.read_reply(endpoint, status=status, headers=headers, body=body)

    def read_error(self, *, status: int, headers: Mapping[str, str], body: bytes) -> Failure:
        return _CHAT.read_error(status=status, headers=headers, body=body)

    def stream_reader(self, endpoint: Endpoint) -> StreamReader:
        return _CHAT.stream_reader(endpoint)


def _resource(base_url: str) -> str:
    """The address without a trailing /openai, which is part of the dialect's own path; a query stays."""
    whole, mark, query = base_url.partition("#")[0].partition("?")
    return whole.rstrip("/").removesuffix(_ROOT) + mark + query


def _incomplete(endpoint: Endpoint) -> Iterator[Refusal]:
    if not endpoint.api_version:
        yield Refusal(
            key=("api_version",),
            message="azure-openai needs an api_version: Azure answers no request without one",
            hint='write the version your deployment is used with, like api_version: "2024-10-21"',
        )
    if not (endpoint.deployment or endpoint.model):
        yield Refusal(
            key=("deployment",),
            message="azure-openai needs a deployment: its name is part of the address",
            hint="write deployment: NAME, or model: NAME where both are called the same",
        )
    if f"{_ROOT}/" in endpoint.base_url.partition("?")[0].rstrip("/"):
        yield Refusal(
            key=("base_url",),
            message="azure-openai puts /openai/deployments/NAME behind base_url by itself",
            hint="keep only the resource, like https://NAME.openai.azure.com; "
            "an address that ends in /openai/v1 is asked with openai-chat",
        )
