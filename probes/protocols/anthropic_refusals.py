"""What of a suite ``anthropic-messages`` cannot do, told before anything is sent. Feeds ``anthropic_messages`` only."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from probes.conversation import Part, attached
from probes.endpoint import Endpoint
from probes.probe import Probe
from probes.protocols.anthropic_conversation import IMAGES, PDF, text_of
from probes.protocols.message_refusals import SYSTEM_ROLES, attachments, role_refusals, seed_refusals
from probes.protocols.param_refusals import written_by_the_dialect
from probes.protocols.protocol import Refusal

NAME = "anthropic-messages"
OWN_PARAMS = ("messages", "model", "stream")
"""What ``params`` may not hold: the dialect writes it."""
TOOL_NAME = re.compile(r"[A-Za-z0-9_-]{1,64}")


def refusals_of(endpoint: Endpoint, probes: Sequence[Probe]) -> Iterator[Refusal]:
    """A missing model, params of its own, seeds, messages of role ``tool``, files and names of tools it cannot take."""
    if not endpoint.model:
        missing = f"{NAME} needs a model with every request, and this endpoint names none"
        yield Refusal(key=("model",), message=missing, hint="like model: claude-sonnet-4-5")
    yield from written_by_the_dialect(NAME, OWN_PARAMS, endpoint, probes)
    yield from seed_refusals(NAME, endpoint.seed is not None, probes)
    yield from role_refusals(NAME, probes, text_only=(*SYSTEM_ROLES, "assistant"))
    for probe in probes:
        for key, part in attachments(probe):
            if (message := _unfit(part)) is not None:
                hint = "pictures: JPEG, PNG, GIF, WebP; documents: PDF and text"
                yield Refusal(probe=probe.id, key=key, message=message, hint=hint)
        for index, tool in enumerate(probe.tools):
            if not TOOL_NAME.fullmatch(tool.name):
                yield Refusal(
                    probe=probe.id,
                    key=("tools", index, "name"),
                    message=f"{NAME} takes no tool of the name {tool.name!r}",
                    hint="letters, digits, dashes and underscores, at most 64",
                )


def _unfit(part: Part) -> str | None:
    """Why a picture or file cannot go; None where it can, or where nobody knows what stands behind its address."""
    data = attached(part.image or part.file or "")
    if data is None or data.media_type in IMAGES:
        return None
    if part.image is None and data.media_type == PDF:
        return None
    if part.image is None and data.media_type.startswith("text/"):
        return None if text_of(data) is not None else f"{NAME} takes text files in UTF-8, which this one is not"
    kind = "picture" if part.image is not None else "file"
    return f"{NAME} takes no {kind} of the type {data.media_type}"
