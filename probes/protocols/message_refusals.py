"""What of a probe a dialect with a system field of its own cannot carry. Feeds the refusals of such dialects."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from probes.conversation import Part
from probes.probe import Probe
from probes.protocols.protocol import Refusal

SYSTEM_ROLES = ("system", "developer")
"""Roles whose messages go into the system field."""


def role_refusals(name: str, probes: Sequence[Probe], *, text_only: Sequence[str] = SYSTEM_ROLES) -> Iterator[Refusal]:
    """Messages of role ``tool``, which belong to no call here, and more than text where only text can be."""
    for probe in probes:
        for index, message in enumerate(probe.messages):
            if message.role == "tool":
                yield Refusal(
                    probe=probe.id,
                    key=("messages", index, "role"),
                    message=f"{name} ties each tool result to a call, which a message of role tool does not name",
                    hint="declare the tool with its results: tools: [{name: ..., results: [{result: ...}]}]",
                )
            elif message.role in text_only and any(part.text is None for part in message.parts):
                yield Refusal(
                    probe=probe.id,
                    key=("messages", index, "content"),
                    message=f"{name} takes only text in a message of role {message.role}",
                    hint="put pictures and files into a user message",
                )


def attachments(probe: Probe) -> Iterator[tuple[tuple[str | int, ...], Part]]:
    """Every picture and file of a probe, with its path below the probe."""
    for index, message in enumerate(probe.messages):
        for place, part in enumerate(message.parts):
            if part.text is None:
                yield ("messages", index, "content", place, "image" if part.image is not None else "file"), part
    listed: list[tuple[tuple[str | int, ...], Sequence[Part]]] = [(("files",), probe.files)]
    listed += [(("turns", index, "files"), turn.files) for index, turn in enumerate(probe.turns)]
    for path, files in listed:
        for place, file in enumerate(files):
            yield (*path, place), file


def seed_refusals(name: str, seeded: bool, probes: Sequence[Probe]) -> Iterator[Refusal]:
    """Seeds of endpoint and probes, for a dialect that has none."""
    message, hint = f"{name} has no seed", "remove it; temperature: 0 in params is the nearest there is"
    if seeded:
        yield Refusal(key=("seed",), message=message, hint=hint)
    for probe in probes:
        if probe.seed is not None:
            yield Refusal(probe=probe.id, key=("seed",), message=message, hint=hint)
