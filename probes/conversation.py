"""What is said to an endpoint: messages, attached files, tools, scripted turns; and one question ready to be built.

The pydantic nouns are what a suite author writes, ``Question`` and its parts what a dialect turns into a request.
"""

from __future__ import annotations

import hashlib
from base64 import b64decode
from binascii import Error as Base64Error
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Annotated, Any, Literal

from pydantic import Field, model_validator

from probes.forms import SuiteModel, Truth
from probes.sample import ToolCall


# ------------------------------------------------------------------------------------------------ as written
class Part(SuiteModel):
    """One part of a message: text, a picture or a file."""

    text: str | None = None
    image: str | None = None
    """Path of a picture beside the suite (sent along), or its https address (fetched by the endpoint)."""
    file: str | None = None
    """Path of a document beside the suite, like a PDF."""
    name: str = ""
    """What to call the picture or file; left out, its file name."""

    @model_validator(mode="after")
    def _one_kind(self) -> Part:
        if sum(value is not None for value in (self.text, self.image, self.file)) != 1:
            raise ValueError("a part of a message is one of text, image and file")
        return self


class Message(SuiteModel):
    """One message of a conversation."""

    role: Literal["system", "developer", "user", "assistant", "tool"]
    content: str | tuple[Part, ...]
    """Text, or a list of parts: {text: ...}, {image: path}, {file: path}."""

    @property
    def parts(self) -> tuple[Part, ...]:
        """The content as parts."""
        return (Part(text=self.content),) if isinstance(self.content, str) else self.content

    @property
    def text(self) -> str:
        """The text of all parts, one below the other."""
        return "\n".join(part.text for part in self.parts if part.text is not None)

    def shown(self) -> Message:
        """The message for people and for the store: files as one line each instead of their bytes."""
        if isinstance(self.content, str):
            return self
        return Message(role=self.role, content="\n".join(_shown(part) for part in self.content))


class ToolAnswer(SuiteModel):
    """What a tool of the script says, and when."""

    when: Mapping[str, Any] = Field(default_factory=dict)
    """Arguments that must be equal for this answer to be given; left out, always."""
    result: Any
    """Text, or a value that is sent as JSON."""


class Tool(SuiteModel):
    """One tool the model may call. Calls are answered from ``results``; nothing is ever run."""

    name: Annotated[str, Field(pattern=r"^[A-Za-z0-9_.-]{1,64}$")]
    description: str = ""
    """For the model."""
    parameters: Mapping[str, Any] = Field(default_factory=lambda: {"type": "object", "properties": {}})
    """JSON Schema of the arguments."""
    strict: Truth | None = None
    """Ask the endpoint to keep to the schema, where the dialect can."""
    results: tuple[ToolAnswer, ...] = ()
    """Scripted answers, the first that fits counts; without any, the first call ends the question."""


# ------------------------------------------------------------------------------------------------ as asked
@dataclass(frozen=True, slots=True, kw_only=True)
class Said:
    """What the endpoint said earlier in this conversation."""

    text: str
    tool_calls: tuple[ToolCall, ...] = ()
    native: object = None
    """The same in the dialect's own form, made and read by that dialect alone (signatures, reasoning items)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ToolResult:
    """The scripted answer to one tool call."""

    call: ToolCall
    text: str


Item = Message | Said | ToolResult


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """One request's worth of conversation, ready for a dialect."""

    items: tuple[Item, ...]
    """Everything said so far, the newest last."""
    tools: tuple[Tool, ...] = ()
    params: Mapping[str, Any] = field(default_factory=dict)
    """Of the probe; laid over the endpoint's."""
    seed: int | None = None
    """Of the probe, else None."""
    conversation_id: str = ""
    """The same through one script. Ours at first, then what the endpoint named; empty where only a hash is made."""
    variables: Mapping[str, Any] = field(default_factory=dict)
    """The probe's ``vars``."""

    @property
    def prompt(self) -> str:
        """The newest message of the user, as text."""
        users = [item for item in self.items if isinstance(item, Message) and item.role == "user"]
        return users[-1].text if users else ""


# ------------------------------------------------------------------------------------------------ attached files
@dataclass(frozen=True, slots=True, kw_only=True)
class Attached:
    """A picture or file as it is sent along."""

    media_type: str
    base64: str = field(repr=False)

    @property
    def data_url(self) -> str:
        """``data:TYPE;base64,...``."""
        return f"data:{self.media_type};base64,{self.base64}"


def attached(address: str) -> Attached | None:
    """The bytes behind a part's ``image`` or ``file``; None where it is an address for the endpoint to fetch."""
    if not address.startswith("data:"):
        return None
    media_type, _, data = address.removeprefix("data:").partition(";base64,")
    return Attached(media_type=media_type, base64=data)


def _shown(part: Part) -> str:
    if part.text is not None:
        return part.text
    address = part.image or part.file or ""
    kind = "image" if part.image is not None else "file"
    data = attached(address)
    if data is None:
        return f"[{kind} {address}]"
    try:
        content = b64decode(data.base64, validate=True)
    except Base64Error:
        content = data.base64.encode()
    digest = hashlib.sha256(content).hexdigest()[:12]
    return f"[{kind} {part.name or 'attached'}, {data.media_type}, {len(content)} bytes, sha256 {digest}]"
