"""What OpenAI's dialects cannot send, found in a suite before anything is asked. Feeds the dialects' ``refusals``."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from probes.conversation import Message, Part, attached
from probes.endpoint import Endpoint
from probes.probe import Probe
from probes.protocols.protocol import Refusal

Key = tuple[str | int, ...]


def files_by_address(probes: Sequence[Probe], dialect: str) -> Iterator[Refusal]:
    """Documents that the endpoint would have to fetch: the chat dialect only takes their bytes."""
    for probe in probes:
        for key, address in _files(probe):
            if attached(address) is None and "://" in address:
                yield Refusal(
                    key=key,
                    message=f"{dialect} cannot have a file fetched by its address",
                    hint="put the file beside the suite and name its path, or use openai-responses",
                    probe=probe.id,
                )


def attached_to_answers(probes: Sequence[Probe], dialect: str) -> Iterator[Refusal]:
    """Pictures and files in messages of the assistant, which may hold text only."""
    for probe in probes:
        for key, message, part in _parts(probe):
            if message.role == "assistant" and part.text is None:
                yield Refusal(
                    key=key,
                    message=f"{dialect} takes only text in a message of the assistant",
                    hint="put pictures and files into a message of the user",
                    probe=probe.id,
                )


def tool_messages(probes: Sequence[Probe]) -> Iterator[Refusal]:
    """Results of tools written as plain messages: the responses dialect needs the call they answer."""
    for probe in probes:
        for index, message in enumerate(probe.messages):
            if message.role == "tool":
                yield Refusal(
                    key=("messages", index, "role"),
                    message="openai-responses has no messages of the role tool",
                    hint="declare the tool under tools, with its scripted results",
                    probe=probe.id,
                )


def seeds(endpoint: Endpoint, probes: Sequence[Probe]) -> Iterator[Refusal]:
    """Seeds, which the responses dialect does not know."""
    told: dict[str, Any] = {
        "key": ("seed",),
        "message": "openai-responses has no seed: its answers cannot be asked to repeat",
        "hint": "leave seed out, or use openai-chat",
    }
    if endpoint.seed is not None:
        yield Refusal(**told)
    yield from (Refusal(**told, probe=probe.id) for probe in probes if probe.seed is not None)


def background(endpoint: Endpoint, probes: Sequence[Probe]) -> Iterator[Refusal]:
    """Answers made later, which would have to be fetched again and again."""
    told: dict[str, Any] = {
        "key": ("params", "background"),
        "message": "a background response is not waited for: nothing of it could be measured",
        "hint": "leave background out",
    }
    if endpoint.params.get("background"):
        yield Refusal(**told)
    yield from (Refusal(**told, probe=probe.id) for probe in probes if probe.params.get("background"))


def _files(probe: Probe) -> Iterator[tuple[Key, str]]:
    attached: list[tuple[Key, Part]] = [(("files", index), part) for index, part in enumerate(probe.files)]
    for number, turn in enumerate(probe.turns):
        attached += [(("turns", number, "files", index), part) for index, part in enumerate(turn.files)]
    attached += [((*key, "file"), part) for key, _, part in _parts(probe)]
    yield from ((key, part.file) for key, part in attached if part.file is not None)


def _parts(probe: Probe) -> Iterator[tuple[Key, Message, Part]]:
    for number, message in enumerate(probe.messages):
        for index, part in enumerate(message.content if isinstance(message.content, tuple) else ()):
            yield ("messages", number, "content", index), message, part
