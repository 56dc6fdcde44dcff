"""What a request will use, before its answer says so. Feeds rate limits and spending caps."""

from __future__ import annotations

import json
from collections import deque
from collections.abc import Sequence
from math import ceil
from statistics import fmean

from probes.endpoint import Endpoint
from probes.pricing import guessed_usd
from probes.probe import Probe
from probes.sample import TokenUsage

REMEMBERED = 20
CHARS_A_TOKEN = 4
MOST_TOKENS_KEYS = ("max_completion_tokens", "max_output_tokens", "max_tokens")


def counted(usage: TokenUsage) -> int | None:
    """Input and output tokens together; None where the endpoint told neither."""
    if usage.input_tokens is None and usage.output_tokens is None:
        return None
    return (usage.input_tokens or 0) + (usage.output_tokens or 0)


class Estimate:
    """Tokens and dollars of the next request of one suite at one endpoint: the mean of its last answers, before the
    first one a guess from the length of the question and the most the answer may have."""

    def __init__(self, *, tokens: int, usd: float | None) -> None:
        self._first = (tokens, usd)
        self._tokens: deque[int] = deque(maxlen=REMEMBERED)
        self._usd: deque[float] = deque(maxlen=REMEMBERED)

    @property
    def tokens(self) -> int:
        return ceil(fmean(self._tokens)) if self._tokens else self._first[0]

    @property
    def usd(self) -> float | None:
        """None where the price is unknown."""
        return fmean(self._usd) if self._usd else self._first[1]

    def learn(self, tokens: int | None, usd: float | None) -> None:
        """An answer came that told what it used."""
        if tokens is not None:
            self._tokens.append(tokens)
        if usd is not None:
            self._usd.append(usd)


def first_estimate(endpoint: Endpoint, probes: Sequence[Probe]) -> Estimate:
    """A guess for the longest of these questions: characters / 4, and ``max_tokens`` where the suite sets it."""
    asked = max((_characters(probe) for probe in probes), default=0)
    answer = max((most_tokens({**endpoint.params, **probe.params}) for probe in probes), default=0)
    return _estimate(endpoint, asked, answer)


def estimate_of(endpoint: Endpoint, characters: int) -> Estimate:
    """A guess for a question of so many characters, as for those of probes."""
    return _estimate(endpoint, characters, most_tokens(dict(endpoint.params)))


def _estimate(endpoint: Endpoint, characters: int, answer: int) -> Estimate:
    asked = characters // CHARS_A_TOKEN
    usd = guessed_usd(endpoint, input_tokens=asked, output_tokens=answer)
    return Estimate(tokens=max(1, asked + answer), usd=usd)


def _characters(probe: Probe) -> int:
    return len(json.dumps([message.model_dump(mode="json") for message in probe.conversation], ensure_ascii=False))


def most_tokens(params: dict[str, object]) -> int:
    """The longest answer that params of a request allow, in tokens; 0 where they do not say."""
    told = [params.get(key) for key in MOST_TOKENS_KEYS]
    return next((most for most in told if isinstance(most, int) and most > 0), 0)
