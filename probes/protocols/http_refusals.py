"""What cannot work between a request template and the probes asked with it, told before anything is sent.

Feeds the ``http`` dialect. Every template is rendered with every turn of every probe.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from probes.conversation import Part, Question, Said
from probes.endpoint import Endpoint
from probes.http_mapping import HttpRequest
from probes.positions import Fault
from probes.probe import Probe
from probes.protocols.http_request import REQUEST, VARIABLES, fill, templates_of
from probes.protocols.message_refusals import attachments
from probes.protocols.protocol import Refusal, Unbuildable

_EARLIER = frozenset({"messages", "turns", "conversation_id"})
"""Any of these lets the endpoint know of the turns before."""


def refusals(endpoint: Endpoint, probes: Sequence[Probe]) -> Iterator[Refusal]:
    """Everything that would not be sent, or not as meant."""
    request = endpoint.request or HttpRequest()
    if "stream" in endpoint.model_fields_set and endpoint.stream and not endpoint.streamed:
        hint = "add response.stream, or remove stream"
        yield Refusal(key=("stream",), message="nothing says how a streamed reply is read", hint=hint)
    broken, mentioned = _mentioned(request)
    if broken:
        yield from broken
        return
    yield from _unsent(endpoint, probes, mentioned)
    yield from _unrendered(endpoint, probes)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Mentioned:
    """What the templates of a request speak of, all together."""

    names: frozenset[str] = frozenset()
    params: frozenset[str] | None = frozenset()
    """Keys of ``params``; None where all of them are sent."""

    def lacks(self, *names: str) -> bool:
        return self.names.isdisjoint(names)

    def lacks_param(self, name: str) -> bool:
        return self.params is not None and name not in self.params


def _mentioned(request: HttpRequest) -> tuple[list[Refusal], _Mentioned]:
    """What is wrong with the templates whatever is asked, and what they speak of."""
    broken: list[Refusal] = []
    names: set[str] = set()
    params: frozenset[str] | None = frozenset()
    for path, text in templates_of(request):
        from probes.filling import mentions  # brings Jinja along
        from probes.nearest import did_you_mean

        found = mentions(text, path)
        if isinstance(found, Fault):
            broken.append(Refusal(key=path, message=found.message, hint=found.hint))
            continue
        names |= found.names
        params = None if params is None or found.params is None else params | found.params
        for name in sorted(found.names - set(VARIABLES)):
            hint = did_you_mean(name, VARIABLES, otherwise="there are")
            message = f"{name!r} is no variable of a request"
            broken.append(Refusal(key=path, message=message, hint="templates call it none" if name == "null" else hint))
    return broken, _Mentioned(names=frozenset(names), params=params)


# ------------------------------------------------------------------------------------------------ what would be lost
def _unsent(endpoint: Endpoint, probes: Sequence[Probe], mentioned: _Mentioned) -> Iterator[Refusal]:
    if mentioned.lacks("prompt", "messages", "turns", "vars"):
        message = "the request holds nothing of the question"
        yield Refusal(key=REQUEST, message=message, hint='like body: {query: "{{ prompt }}"}')
        return
    for name in endpoint.params:
        if mentioned.lacks_param(name):
            yield Refusal(key=("params", name), message=_lost(f"params.{name}"), hint=_put(f"params.{name}"))
    if endpoint.seed is not None and mentioned.lacks("seed"):
        yield Refusal(key=("seed",), message=_lost("the seed"), hint=_put("seed"))
    for probe in probes:
        yield from (replace(found, probe=probe.id) for found in _unsent_of(probe, mentioned))


def _unsent_of(probe: Probe, mentioned: _Mentioned) -> Iterator[Refusal]:
    if mentioned.lacks("messages"):
        if len(probe.opening) > 1 and probe.messages:
            message = "the request speaks of the newest message of the user only; the others would not be sent"
            yield Refusal(key=("messages",), message=message, hint=_put("messages"))
        for key, part in attachments(probe):
            yield Refusal(key=key, message=_lost(_kind(part)), hint=_put("messages"))
    if len(probe.turns) > 1 and mentioned.lacks(*_EARLIER):
        message = "the request says nothing of earlier turns, so each would be asked on its own"
        yield Refusal(key=("turns",), message=message, hint="send messages, turns or conversation_id")
    if probe.tools and mentioned.lacks("tools"):
        yield Refusal(key=("tools",), message=_lost("the tools"), hint=_put("tools"))
    for name in probe.params:
        if mentioned.lacks_param(name):
            yield Refusal(key=("params", name), message=_lost(f"params.{name}"), hint=_put(f"params.{name}"))
    if probe.seed is not None and mentioned.lacks("seed"):
        yield Refusal(key=("seed",), message=_lost("the seed"), hint=_put("seed"))


def _kind(part: Part) -> str:
    return "the picture" if part.image is not None else "the file"


def _lost(what: str) -> str:
    return f"the request does not mention it, so {what} would not be sent"


def _put(name: str) -> str:
    return f'put "{{{{ {name} }}}}" into the request'


# ------------------------------------------------------------------------------------------------ what breaks
def _unrendered(endpoint: Endpoint, probes: Sequence[Probe]) -> Iterator[Refusal]:
    """Templates that break: told at the template where every probe breaks it, else at each probe that does."""
    faults = {probe.id: fault for probe in probes if (fault := _fault(endpoint, probe)) is not None}
    common = set(faults.values())
    if len(faults) == len(probes) and len(common) == 1:
        (fault,) = common
        yield Refusal(key=fault.path, message=fault.message, hint=fault.hint)
        return
    for probe, fault in faults.items():
        where = ".".join(map(str, fault.path))
        yield Refusal(
            key=(), message=f"{where} cannot be made of this probe: {fault.message}", hint=fault.hint, probe=probe
        )


def _fault(endpoint: Endpoint, probe: Probe) -> Fault | None:
    """What breaks when this probe is put into the request, at its first turn or at a later one."""
    question = Question(
        items=probe.opening, tools=probe.tools, params=probe.params, seed=probe.seed, variables=probe.vars
    )
    try:
        fill(endpoint, question)
        for turn in probe.turns[1:]:
            items = (*question.items, Said(text="..."), turn.message)
            question = replace(question, items=items, conversation_id="c-1")
            fill(endpoint, question)
    except Unbuildable as error:
        return error.fault
    return None
