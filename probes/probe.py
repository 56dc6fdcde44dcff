"""One question of a suite as its author writes it: prompt, messages or turns, tools, files, and the checks on answers.

Frozen pydantic models. Feeds suites, the asking of a sample, and the binding of checks.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any

from pydantic import BeforeValidator, Field, WithJsonSchema, model_validator

from probes.cases import Cases, Choices, family_of
from probes.check_spec import CheckSpec
from probes.conversation import Message, Part, Tool
from probes.forms import ProbeId, Samples, SuiteModel, Whole


def _file(value: object) -> object:
    """A path as written, or a data URL, as the part of a message that carries it."""
    if not isinstance(value, str):
        return value
    return {"image" if value.startswith("data:image/") else "file": value}


FilePart = Annotated[Part, BeforeValidator(_file), WithJsonSchema({"type": "string"})]
"""A file beside the suite; its bytes are in it once a suite is loaded."""


class Turn(SuiteModel):
    """One turn of a scripted conversation: what the user says next, and what must be true of the answer to it."""

    prompt: str
    """What the user says."""
    files: tuple[FilePart, ...] = ()
    """Pictures and documents beside the suite, sent along with the prompt."""
    checks: tuple[CheckSpec, ...] = ()
    """Rules about the answer to this turn."""

    @property
    def message(self) -> Message:
        """What is sent."""
        return _user_message(self.prompt, self.files)


class Probe(SuiteModel):
    """One fixed question with its checks. Templates are already rendered when a Probe exists."""

    id: ProbeId
    """The probe's name within the suite; it keeps the probe's history, so do not reuse it."""
    description: str = ""
    """For people."""
    labels: Mapping[str, str] = Field(default_factory=dict)
    """Text to text; choose probes by them, group reports by them."""
    prompt: str | None = None
    """The question, as one user message. One of prompt, messages and turns."""
    messages: tuple[Message, ...] = ()
    """The whole conversation to send; before turns: how it begins, like the system message."""
    turns: Annotated[tuple[Turn, ...], Field(min_length=1)] = ()
    """A script: each turn is asked after the answer to the one before."""
    files: tuple[FilePart, ...] = ()
    """Pictures and documents beside the suite, sent along with the prompt."""
    tools: tuple[Tool, ...] = ()
    """Tools the model may call, with scripted answers."""
    tool_rounds: Annotated[Whole, Field(ge=1, le=20)] = 5
    """Most rounds of tool calls in one turn. Default 5."""
    vars: Mapping[str, Any] = Field(default_factory=dict)
    """Values for templates in ``prompt``, ``messages``, ``turns`` and ``checks``; ``file`` alone names a JSON file."""
    matrix: Mapping[str, Choices] = Field(default_factory=dict)
    """Lists of values by name: every combination is a probe of its own."""
    cases: Cases = ()
    """Variables of many similar questions, here or in a file: each is a probe of its own."""
    params: Mapping[str, Any] = Field(default_factory=dict)
    """Laid over the endpoint's ``params``."""
    seed: Whole | None = None
    """Goes before the endpoint's."""
    samples: Samples | None = None
    """How often a run asks; default: as in defaults."""
    control: bool = False
    """True for a question that never reaches the model: what its time gains is taken off the latency of all others."""
    checks: tuple[CheckSpec, ...] = ()
    """Rules about the answers; those of defaults apply too, unless one of the same name stands here."""

    @model_validator(mode="after")
    def _one_question(self) -> Probe:
        if self.cases or self.matrix:
            raise ValueError(f"probe {self.id!r} has cases that were not spread out; read suites with read_suite")
        if self.prompt is None and not self.messages and not self.turns:
            raise ValueError(f"probe {self.id!r} asks nothing; give it a prompt or messages")
        if self.prompt is not None and self.messages:
            raise ValueError(f"probe {self.id!r} has both prompt and messages; keep one of them")
        if self.prompt is not None and self.turns:
            raise ValueError(f"probe {self.id!r} has both prompt and turns; make the prompt its first turn")
        if self.files and self.prompt is None:
            raise ValueError(
                f"probe {self.id!r} has files but no prompt; name them in the message or turn they go with"
            )
        if any(
            not prompt.strip() for prompt in (self.prompt, *(turn.prompt for turn in self.turns)) if prompt is not None
        ):
            raise ValueError(f"probe {self.id!r} has an empty prompt")
        return self

    @property
    def of(self) -> str | None:
        """The probe this is a case of, by its id; None where it is no case."""
        return family_of(self.id)

    @property
    def opening(self) -> tuple[Message, ...]:
        """What is sent first: the whole conversation, or all up to the answer to the first turn."""
        if self.prompt is not None:
            return (_user_message(self.prompt, self.files),)
        return (*self.messages, self.turns[0].message) if self.turns else self.messages

    @property
    def conversation(self) -> tuple[Message, ...]:
        """All that is said to the endpoint, turns included, files as one line each: for people and the store."""
        return tuple(message.shown() for message in (*self.opening, *(turn.message for turn in self.turns[1:])))


def _user_message(prompt: str, files: tuple[Part, ...]) -> Message:
    return Message(role="user", content=(*files, Part(text=prompt)) if files else prompt)
