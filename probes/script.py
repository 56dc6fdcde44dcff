"""One sample from its first question to its last answer: turns of a script, rounds of tools. Feeds ``fire``."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from probes.asking import Asked, Asking
from probes.conversation import Item, Message, Question, Said, Tool, ToolResult
from probes.failure import IN_TURN, Failure
from probes.probe import Probe
from probes.protocols.protocol import Reply
from probes.sample import Attempt, Finish, Sample, Step, TokenUsage, ToolCall
from probes.turns import said, sum_of, usage_of


def first_question(probe: Probe, conversation_id: str = "") -> Question:
    """What a probe asks first. Without a conversation id it is the same for every sample: what a hash is made of."""
    return _question(probe, probe.opening, conversation_id)


def script_of(probe: Probe) -> list[Any]:
    """What a probe says after its first question, as plain values: part of the hash of what is asked."""
    turns = [[turn.prompt, [file.model_dump() for file in turn.files]] for turn in probe.turns[1:]]
    results = [[tool.name, [answer.model_dump() for answer in tool.results]] for tool in probe.tools if tool.results]
    return [turns, results, probe.tool_rounds] if turns or results else []


async def play(asking: Asking, sample: Sample, probe: Probe, conversation_id: str) -> Sample:
    """The sample with what came back. A script stops at its first failure, or at a tool call nobody scripted."""
    play_ = _Play(asking=asking, probe=probe, conversation_id=conversation_id, items=list(probe.opening))
    for turn in range(max(1, len(probe.turns))):
        if turn:
            play_.items.append(probe.turns[turn].message)
        if not await play_.turn(turn):
            break
    return play_.filled(sample)


@dataclass(slots=True, kw_only=True)
class _Play:
    """A script while it runs."""

    asking: Asking
    probe: Probe
    conversation_id: str
    items: list[Item]
    steps: list[Step] = field(default_factory=list)
    attempts: list[Attempt] = field(default_factory=list)
    last: Asked | None = None
    at: int = 0
    """The turn under way."""
    repeats: int = 0
    """Requests beyond the first for the same question."""

    async def turn(self, turn: int) -> bool:
        """Ask one turn to its end; True where the next one may follow."""
        self.at = turn
        for left in range(self.probe.tool_rounds, -1, -1):
            asked = await self._ask()
            reply = asked.reply
            if reply.failure is not None:
                return False
            results = scripted(self.probe.tools, reply.tool_calls)
            self.items.append(Said(text=reply.answer or "", tool_calls=reply.tool_calls, native=reply.native))
            if not reply.tool_calls:
                return True
            if results is None or not left:
                # whatever word the server ended with: what stands here is a question to us, not an answer
                self.steps[-1] = replace(self.steps[-1], finish=Finish.TOOL_CALLS)
                return False
            self.steps[-1] = replace(self.steps[-1], tool_results=tuple(result.text for result in results))
            self.items += results
        return False

    async def _ask(self) -> Asked:
        asked = await self.asking.ask(_question(self.probe, self.items, self.conversation_id))
        self.last = asked
        number = len(self.attempts)
        self.repeats += max(0, len(asked.attempts) - 1)
        self.attempts += [replace(attempt, number=number + attempt.number) for attempt in asked.attempts]
        self.conversation_id = asked.reply.conversation_id or self.conversation_id
        if asked.reply.failure is None:
            self.steps.append(_step(self.at, asked))
        return asked

    def filled(self, sample: Sample) -> Sample:
        """The sample: plain where one request did it, with its steps where several did."""
        assert self.last is not None  # a probe asks at least once
        asked, reply = self.last, self.last.reply
        sample = replace(
            sample,
            route=replace(asked.route, attempts=self.repeats + min(1, len(self.attempts))),
            failure=reply.failure and self._placed(reply.failure),
            attempts=tuple(self.attempts),
            status=asked.status,
            headers=asked.headers,
            filters=reply.filters,
            told_trace_id=reply.trace_id,
        )
        steps = tuple(self.steps) if self._several else ()
        if reply.failure is None:
            return replace(said(sample, self.steps), steps=steps)
        asked_for = [*self.steps, _step(self.at, asked)] if _counted(asked) else self.steps
        return replace(
            sample,
            timing=asked.timing,
            usage=usage_of([step.usage for step in asked_for]) if asked_for else reply.usage,
            cost_usd=sum_of([step.cost_usd for step in asked_for]) if asked_for else asked.cost_usd,
            steps=steps,
        )

    @property
    def _several(self) -> bool:
        return bool(self.probe.turns) or len(self.steps) > 1

    def _placed(self, failure: Failure) -> Failure:
        """The failure, naming its turn where the probe has several."""
        if len(self.probe.turns) < 2:
            return failure
        return replace(failure, message=f"{IN_TURN}{self.at + 1}: {failure.message}")


def scripted(tools: Sequence[Tool], calls: Sequence[ToolCall]) -> list[ToolResult] | None:
    """The scripted answers to these calls, in order; None where one of them has none."""
    results = [_result(tools, call) for call in calls]
    return [result for result in results if result is not None] if None not in results else None


def _result(tools: Sequence[Tool], call: ToolCall) -> ToolResult | None:
    try:
        arguments = json.loads(call.arguments or "{}")
    except (ValueError, RecursionError):
        arguments = None
    answers = [answer for tool in tools if tool.name == call.name for answer in tool.results]
    for answer in answers:
        if _fits(answer.when, arguments):
            text = answer.result if isinstance(answer.result, str) else json.dumps(answer.result, ensure_ascii=False)
            return ToolResult(call=call, text=text)
    return None


def _fits(when: Mapping[str, Any], arguments: object) -> bool:
    if not when:
        return True
    return isinstance(arguments, dict) and all(
        name in arguments and _same(arguments[name], value) for name, value in when.items()
    )


def _same(came: object, expected: object) -> bool:
    """Equal as JSON: ``true`` is not 1, and 1.0 is."""
    if isinstance(came, dict) and isinstance(expected, Mapping):
        return came.keys() == expected.keys() and all(_same(came[key], expected[key]) for key in came)
    if isinstance(came, list) and isinstance(expected, (list, tuple)):
        return len(came) == len(expected) and all(map(_same, came, expected))
    return isinstance(came, bool) == isinstance(expected, bool) and came == expected


def _counted(asked: Asked) -> bool:
    """True where a failed request still told what it used."""
    return asked.reply.usage != TokenUsage() or asked.cost_usd is not None


def _question(probe: Probe, items: Sequence[Item | Message], conversation_id: str) -> Question:
    return Question(
        items=tuple(items),
        tools=probe.tools,
        params=probe.params,
        seed=probe.seed,
        conversation_id=conversation_id,
        variables=probe.vars,
    )


def _step(turn: int, asked: Asked) -> Step:
    reply: Reply = asked.reply
    return Step(
        turn=turn,
        timing=asked.timing,
        usage=reply.usage,
        answer=reply.answer,
        refusal=reply.refusal,
        tool_calls=reply.tool_calls,
        finish=reply.finish,
        finish_raw=reply.finish_raw,
        documents=reply.documents,
        citations=reply.citations,
        filters=reply.filters,
        route=replace(asked.route, attempts=max(1, len(asked.attempts))),
        cost_usd=asked.cost_usd,
        status=asked.status,
    )
