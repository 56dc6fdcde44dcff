"""Between firing and checking: asks the other endpoints that the checks of a run need. Feeds ``engine``.

Each inquiry is asked once a run, however many checks need it. What could not be asked is told by its key as a reply
without text, so that the checks can say why they measured nothing.
"""

from __future__ import annotations

import asyncio
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace

from checks.check import CheckContext
from checks.consulting import wanted
from checks.inquiry import Inquiry, InquiryReply
from checks.judging.verdicts import verdict_of
from probes.access import Accesses
from probes.clock import Clock
from probes.judge import Judge
from probes.sample import Sample
from probes.suite import Probe, Suite
from probes.time_limit import UNLIMITED, TimeLimit
from probes.transport import Transport
from reports.consultation import CalibrationResult, Consultation, Place, Served
from runner.asking.calibrating import Calibrator
from runner.asking.inquiring import Answered, Inquirer
from runner.asking.records import by_probe
from runner.limits.holding import Limits, RunLimits
from runner.preparing.orders import Consulted, RunOrder
from runner.store.base import Store

NOTHING_HEARD: Mapping[str, InquiryReply] = {}
NO_TERMS = Judge.model_construct()
"""For suites whose checks name their judges themselves: the defaults."""


@dataclass(slots=True, kw_only=True)
class _Need:
    """One inquiry with all who need it."""

    inquiry: Inquiry
    endpoint: str
    places: list[Place] = field(default_factory=list)
    calibration: bool = False


def context_of(
    suite: Suite, probe: Probe, normal: tuple[str, ...], replies: Mapping[str, InquiryReply] = NOTHING_HEARD
) -> CheckContext:
    """What the checks of a probe may know: but for the replies the same while they word their questions."""
    users = [message.text for message in probe.conversation if message.role == "user"]
    return CheckContext(
        baseline_answers=normal,
        question=users[-1] if users else "",
        turns=tuple(turn.prompt for turn in probe.turns),
        votes=suite.judge.votes if suite.judge else 1,
        replies=replies,
    )


class Consultants:
    """Asks on behalf of checks. One serves all runs of a process."""

    def __init__(self, *, store: Store, transport: Transport, clock: Clock, limits: Limits, accesses: Accesses) -> None:
        self._store = store
        self._transport = transport
        self._clock = clock
        self._limits = limits
        self._accesses = accesses

    async def consult(
        self,
        order: RunOrder,
        run_id: str,
        samples: Sequence[Sample],
        held: list[RunLimits],
        *,
        normal: Mapping[str, tuple[str, ...]] | None = None,
        calibrating: bool = True,
        limit: TimeLimit = UNLIMITED,
    ) -> Consulted:
        """Ask everything that the checks of these samples want to know.

        The limits of each endpoint asked are put into ``held``, to be ended by the caller whatever happens.
        ``normal``: the baseline answers by probe, where they are not those of the order's endpoint.
        ``calibrating``: False leaves the known verdicts out. ``limit``: after it nobody is asked any more, and what is
        under way has failed; then the checks that asked are errors.

        Raises:
            StoreError: the baseline, or what was spent today, cannot be read.
        """
        if not order.prepared.consults:
            return Consulted()
        suite = order.prepared.suite
        if normal is None:
            normal = await asyncio.to_thread(self._store.baseline_answers, suite.name, order.endpoint)
        needs = {need.inquiry.key: need for need in self._needs(order, samples, normal)}
        needed = calibrating and bool(_judged(needs, suite))
        calibrator = await asyncio.to_thread(Calibrator.of, order, self._store, self._clock.now(), needed)
        for inquiry in calibrator.questions():
            endpoint = suite.judge.endpoint if suite.judge else None
            need = needs.setdefault(inquiry.key, _Need(inquiry=inquiry, endpoint=endpoint or ""))
            need.calibration = True
        answered = await self._ask(order, run_id, list(needs.values()), held, limit)
        replies = {key: _reply(needs[key], came) for key, came in answered.items()}
        result = calibrator.result(replies)
        known = await asyncio.to_thread(self._store.judges, suite.name, order.endpoint)
        return Consulted(
            consultations=tuple(_consultation(needs[key], came) for key, came in answered.items()),
            replies=_weighed(needs, replies, answered, result, known),
            calibration=result,
        )

    def _needs(
        self, order: RunOrder, samples: Sequence[Sample], normal: Mapping[str, tuple[str, ...]]
    ) -> Iterator[_Need]:
        suite, asked = order.prepared.suite, by_probe(samples)
        needs: dict[str, _Need] = {}
        for probe, _ in order.probes:
            context = context_of(suite, probe, normal.get(probe.id, ()))
            checks = order.prepared.checks_at(probe, order.endpoint)
            for want in wanted(checks, asked.get(probe.id, ()), context):
                inquiry = want.inquiry
                need = needs.setdefault(inquiry.key, _Need(inquiry=inquiry, endpoint=_endpoint(suite, inquiry)))
                need.places.append(Place(probe=probe.id, sample_id=want.sample_id, position=want.position))
        yield from needs.values()

    async def _ask(
        self, order: RunOrder, run_id: str, needs: Sequence[_Need], held: list[RunLimits], limit: TimeLimit
    ) -> dict[str, Answered]:
        groups: dict[str, list[Inquiry]] = defaultdict(list)
        for need in needs:
            groups[need.endpoint].append(need.inquiry)
        inquirers = [
            (await self._inquirer(order, run_id, name, group, held, limit), group) for name, group in groups.items()
        ]
        answers = await asyncio.gather(*(inquirer.ask(group) for inquirer, group in inquirers))
        pairs = zip(inquirers, answers, strict=True)
        found = {q.key: came for (_, group), told in pairs for q, came in zip(group, told, strict=True)}
        return {need.inquiry.key: found[need.inquiry.key] for need in needs}

    async def _inquirer(
        self,
        order: RunOrder,
        run_id: str,
        name: str,
        group: Sequence[Inquiry],
        held: list[RunLimits],
        limit: TimeLimit,
    ) -> Inquirer:
        suite = order.prepared.suite
        longest = max(len(inquiry.system) + len(inquiry.text) for inquiry in group)
        limits = await self._limits.hold_judge(order, run_id, name, longest)
        held.append(limits)
        return Inquirer(
            transport=self._transport,
            clock=self._clock,
            accesses=self._accesses,
            suite=suite.name,
            run_id=run_id,
            endpoint=suite.endpoints[name],
            judge=suite.judge or NO_TERMS,
            gates=limits.gates,
            places=limits.places,
            limit=limit,
        )


def _judged(needs: Mapping[str, _Need], suite: Suite) -> list[_Need]:
    """The needs of verdicts by the suite's own judge: only these are calibrated."""
    own = suite.judge.endpoint if suite.judge else None
    return [need for need in needs.values() if need.inquiry.kind == "verdict" and need.endpoint == own]


def _endpoint(suite: Suite, inquiry: Inquiry) -> str:
    """Whom to ask. That there is such an endpoint was seen to when the suite was read."""
    if inquiry.endpoint is not None:
        return inquiry.endpoint
    judge = suite.judge
    own = None if judge is None else judge.endpoint if inquiry.kind == "verdict" else judge.embeddings
    assert own is not None
    return own


def _reply(need: _Need, came: Answered) -> InquiryReply:
    failure = came.failure
    if failure is not None:
        who = "the endpoint of embeddings" if need.inquiry.kind == "embedding" else "the judge"
        if failure.held_back:
            return InquiryReply(why=f"{who} was {failure.message}")
        return InquiryReply(why=f"{who} gave no answer: {failure.kind.value}: {failure.message}")
    return InquiryReply(text=came.text, vector=came.vector, model=came.asked.route.model or "")


def _weighed(
    needs: Mapping[str, _Need],
    replies: Mapping[str, InquiryReply],
    answered: Mapping[str, Answered],
    result: CalibrationResult | None,
    known: Sequence[Served],
) -> dict[str, InquiryReply]:
    """The replies with what is known of their judge: that it moved, and who served it in the baseline."""
    weighed = {}
    for key, reply in replies.items():
        need, came = needs[key], answered[key]
        judged = need.inquiry.kind == "verdict"
        mine = result is not None and judged and need.endpoint == result.endpoint
        moved = _moved(need.endpoint, came, known) if judged and came.failure is None else ""
        weighed[key] = replace(reply, suspect=str(result) if mine and result and result.moved else "", moved=moved)
    return weighed


def _moved(endpoint: str, came: Answered, known: Sequence[Served]) -> str:
    route = came.asked.route
    now = Served(endpoint=endpoint, model=route.model or "", fingerprint=route.fingerprint or "")
    before = [served for served in known if served.endpoint == endpoint]
    if not before or now in before:
        return ""
    return f"the judge is served by {now} now, by {before[-1]} in the baseline"


def _consultation(need: _Need, came: Answered) -> Consultation:
    inquiry, asked = need.inquiry, came.asked
    return Consultation(
        purpose=inquiry.purpose,
        kind=inquiry.kind,
        endpoint=need.endpoint,
        vote=inquiry.vote,
        places=tuple(need.places),
        calibration=need.calibration,
        model=asked.route.model,
        fingerprint=asked.route.fingerprint,
        usage=asked.reply.usage,
        cost_usd=asked.cost_usd,
        total_s=asked.timing.total_s,
        verdict=verdict_of(came.text or "", inquiry.offered) or "" if came.failure is None else "",
        text=came.text,
        failure=came.failure,
    )
