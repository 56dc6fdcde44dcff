"""What the fake endpoint answers: rules that turn a conversation, a scenario and seeded draws into a text and delays.

Pure; feeds the endpoint. All chance comes from ``draw``, which hashes the seed, the conversation and how often that
conversation was asked before. So an answer depends neither on the order in which probes arrive nor on the scenario's
own draws: under ``slower`` the n-th answer is the normal one, later.
"""

from __future__ import annotations

import hashlib
import json
import math
import random
import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from runner.demo.judge import judged
from runner.demo.phrasings import (
    BANKS,
    FILLERS,
    GENERIC_JSON,
    GENERIC_PROSE,
    REFUSAL,
    RIGHT_TOTAL,
    WRONG_TOTALS,
    Bank,
    Weighted,
)
from runner.demo.scenarios import Scenario
from runner.demo.tokens import MESSAGE_OVERHEAD, tokenize
from runner.demo.tools import Call, OfferedTool, answer_from, calls_for

Conversation = tuple[tuple[str, str], ...]
"""Role and text of each message; what a tool said has the role ``tool``."""

FIRST_TOKEN_MEDIAN_S = 0.008
FIRST_TOKEN_SIGMA = 0.25
TOKEN_GAP_S = 0.00015
TOKEN_GAP_SIGMA = 0.10


@dataclass(frozen=True, slots=True, kw_only=True)
class Draws:
    """All the chance of one answer: uniform numbers in [0, 1), standard normal ones, and hex digits for its ids."""

    phrase: float
    wrong: float
    wrong_total: float
    refused: float
    broken: float
    longer: float
    first_token: float
    """Standard normal."""
    token_gap: float
    """Standard normal."""
    hex_id: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """One answer, ready for the wire."""

    pieces: tuple[str, ...]
    """Its tokens, in order; they join to the text."""
    calls: tuple[Call, ...] = ()
    """The tools it asks for; then there is no text."""
    prompt_tokens: int
    finish: Literal["stop", "length", "tool_calls"]
    refused: bool = False
    """The text is a refusal; dialects that have a place for that put it there."""
    first_token_s: float
    """Seconds from the request to the first token."""
    rest_s: float
    """Seconds from the first token to the last."""
    hex_id: str

    @property
    def text(self) -> str:
        """The whole text."""
        return "".join(self.pieces)

    @property
    def output_tokens(self) -> int:
        """What it would be billed as."""
        return len(self.pieces) + sum(len(tokenize(call.name + call.text)) for call in self.calls)


def draw(seed: int, conversation: Conversation, nth: int) -> Draws:
    """The chance behind the ``nth`` answer (from 0) to this conversation."""
    key = json.dumps([seed, conversation, nth]).encode()
    rng = random.Random(hashlib.blake2b(key, digest_size=16).digest())  # noqa: S311  not for secrets
    uniform = rng.random
    return Draws(
        phrase=uniform(),
        wrong=uniform(),
        wrong_total=uniform(),
        refused=uniform(),
        broken=uniform(),
        longer=uniform(),
        first_token=rng.gauss(0, 1),
        token_gap=rng.gauss(0, 1),
        hex_id=rng.randbytes(12).hex(),
    )


def compose(
    conversation: Conversation,
    scenario: Scenario,
    draws: Draws,
    *,
    max_tokens: int | None = None,
    tools: Sequence[OfferedTool] = (),
    said: str | None = None,
) -> Answer:
    """The answer to a conversation. ``max_tokens`` cuts a text off, as a real endpoint would.

    ``said``: what it is to be, whatever the rules say.
    """
    letters = scenario.letters_per_token
    results = _results(conversation)
    refused = said is None and draws.refused < scenario.refused_share
    calls = () if refused or results or said is not None else calls_for(_question(conversation), tools)
    text = said or ("" if calls else REFUSAL if refused else answer_from(results) if results else said)
    pieces = tokenize(_text(conversation, scenario, draws) if text is None else text, letters=letters)
    kept = pieces[:max_tokens]
    first = FIRST_TOKEN_MEDIAN_S * math.exp(FIRST_TOKEN_SIGMA * draws.first_token)
    gap = TOKEN_GAP_S * math.exp(TOKEN_GAP_SIGMA * draws.token_gap)
    return Answer(
        pieces=kept,
        calls=calls,
        prompt_tokens=sum(len(tokenize(text, letters=letters)) + MESSAGE_OVERHEAD for _, text in conversation),
        finish="tool_calls" if calls else "stop" if len(kept) == len(pieces) else "length",
        refused=refused,
        first_token_s=first * scenario.latency_factor,
        rest_s=gap * scenario.latency_factor * max(0, len(kept) - 1),
        hex_id=draws.hex_id,
    )


def _results(conversation: Conversation) -> list[str]:
    """What tools said since the user last spoke."""
    results: list[str] = []
    for role, text in reversed(conversation):
        if role == "user":
            break
        if role == "tool":
            results.insert(0, text)
    return results


def _text(conversation: Conversation, scenario: Scenario, draws: Draws) -> str:
    verdict = judged(newest(conversation))
    if verdict is not None:
        return verdict
    question = _question(conversation)
    bank = BANKS.get(question) or _generic(conversation, question)
    text = _pick(bank.house if scenario.voice == "house" else bank.other, draws.phrase)
    if "{total}" in text:
        text = text.replace("{total}", _total(scenario, draws))
    if scenario.longer:
        text = _longer(text, bank, draws.longer)
    if scenario.json_broken and bank.form == "json":
        text = _broken(text, draws.broken)
    return text


def newest(conversation: Conversation) -> str:
    """The newest message of the user; empty where there is none."""
    return next((text for role, text in reversed(conversation) if role == "user"), "")


def _question(conversation: Conversation) -> str:
    return " ".join(newest(conversation).split())


def _pick(phrasings: Weighted, at: float) -> str:
    """The phrasing under the point ``at`` of the weights laid end to end."""
    left = at * sum(weight for weight, _ in phrasings)
    for weight, text in phrasings:
        left -= weight
        if left < 0:
            return text
    return phrasings[-1][1]


def _total(scenario: Scenario, draws: Draws) -> str:
    if draws.wrong >= scenario.wrong_share:
        return RIGHT_TOTAL
    return WRONG_TOTALS[int(draws.wrong_total * len(WRONG_TOTALS))]


def _generic(conversation: Conversation, question: str) -> Bank:
    """A bank for a question nobody wrote phrasings for: stable, because it is derived from the text alone."""
    digest = hashlib.blake2b(json.dumps(conversation).encode(), digest_size=4).hexdigest()
    topic = " ".join(re.findall(r"[^\W_]+", question)[:6])[:60] or "this"
    json_asked = any(re.search(r"\bjson\b", text, re.IGNORECASE) for _, text in conversation)
    frame = GENERIC_JSON if json_asked else GENERIC_PROSE

    def fill(phrasings: Weighted) -> Weighted:
        return tuple((weight, text.format(topic=topic, code=f"K-{digest}")) for weight, text in phrasings)

    return Bank(house=fill(frame.house), other=fill(frame.other), form=frame.form)


def _longer(text: str, bank: Bank, at: float) -> str:
    """The same answer with 60 to 80 % more tokens (short answers may gain a little more)."""
    if bank.form == "exact":
        return text
    target = math.ceil((1.6 + 0.2 * at) * len(tokenize(text)))
    if bank.form == "json":
        return _spaced(text, target)
    for filler in FILLERS:
        room = target - len(tokenize(text))
        if room >= len(tokenize(filler)):
            text += " " + filler
    return text if len(tokenize(text)) >= 0.95 * target else f"{text} {FILLERS[-1]}"


def _spaced(text: str, target: int) -> str:
    """JSON may only grow where it means nothing: in the white space before its closing bracket."""
    body, close = text[:-1].rstrip(), text[-1]
    blanks = 1
    while len(tokenize(grown := f"{body}\n{' ' * blanks}{close}")) < target:
        blanks += 1
    return grown


def _broken(text: str, at: float) -> str:
    if at < 1 / 3:
        return f"Here is what I found: {text} Let me know if you need anything else."
    if at < 2 / 3:
        return f"{text[:-1].rstrip()},{text[-1]}"
    return f"Of course! Here is the object:\n```json\n{text[:-1].rstrip()},\n{text[-1]}\n```"
