"""Builders of run records and reports with rich content, for the tests of formats, messages, pages and stores.

Everything is computed from its arguments: the same call always gives the same record, so goldens stay exact.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta

from checks.drift.result import Effect, StreamKey, StreamResult, StreamState
from checks.finding import Finding, Outcome, SampleOutcome, Status
from checks.rules import CHECKS
from checks.verdict import Health
from probes.failure import Failure, FailureClass
from probes.fault import Fault
from probes.route import Route
from probes.sample import Attempt, Finish, Sample, Timing, TokenUsage
from probes.suite import Message, Owner
from reports.summary import AlertView, BaselineView, Began, ProbeRecord, Report, RunRecord, StreamPoint

NOW = datetime(2026, 3, 14, 9, 15, tzinfo=UTC)
"""When the shown run began."""

HOSTILE = (
    '<script>alert(1)</script> "><img src=x onerror=alert(2)> ]]> \x1b[31mred\x1b[0m '
    "\x1b]8;;https://evil.example/\x1b\\click\x1b]8;;\x1b\\ \u202egnp.exe\u202c \x00 \ud800 \x9b2J \ufffe "
    "{{ 7*7 }} [link](https://evil.example) ![i](https://evil.example/x.png) @everyone #1 | ` `` *b* =1+1\r\n---\x7f"
)
"""One text with everything an endpoint may try on a terminal, a browser, an XML parser or a Markdown page."""

OLD_ANSWER = (
    "You can return a keyboard within 30 days of delivery. Keep the receipt, pack it in the original box and print "
    "the label from your account. The refund reaches you within 5 working days."
)
NEW_ANSWER = (
    "You may return the keyboard within 14 days of delivery, provided that it is unused. Please keep the receipt, "
    "pack it in the original box and ask our team for a label. The refund usually reaches you within 10 working days."
)


# ------------------------------------------------------------------------------------------------ parts
def a_sample(probe: str = "refund-window", index: int = 0, *, run_id: str = "run-0042", **changes: object) -> Sample:
    """One answered sample with every field that endpoints commonly tell."""
    wobble = ((index * 37 + len(probe) * 11) % 17) / 100
    sample = Sample(
        sample_id=f"{run_id}-{probe}-{index}",
        run_id=run_id,
        suite="support-bot",
        endpoint="production",
        probe=probe,
        index=index,
        request_hash=f"hash-of-{probe}",
        trace_id=f"{index + 1:032x}",
        started_at=NOW + timedelta(seconds=index),
        timing=Timing(
            client_wait_s=0.001,
            connect_s=0.031 if index == 0 else None,
            first_byte_s=0.21 + wobble,
            first_token_s=0.35 + wobble,
            longest_gap_s=0.08,
            total_s=1.4 + 2 * wobble,
            reused=index > 0,
        ),
        usage=TokenUsage(input_tokens=48, cached_input_tokens=0, output_tokens=60 + index, reasoning_tokens=0),
        route=Route(model="support-bot-2026-02", provider="openai", region="eu-west-1", cache="miss"),
        answer=OLD_ANSWER,
        finish=Finish.STOP,
        finish_raw="stop",
        cost_usd=0.00042,
    )
    return replace(sample, **changes)  # type: ignore[arg-type]


def a_failed_sample(
    kind: FailureClass, message: str, probe: str = "refund-window", index: int = 0, status: int | None = None
) -> Sample:
    """One sample without an answer."""
    failure = Failure(kind=kind, message=message, status=status)
    attempts = (Attempt(number=1, failure=failure, total_s=0.2), Attempt(number=2, failure=failure, total_s=0.2))
    return a_sample(
        probe,
        index,
        timing=Timing(),
        usage=TokenUsage(),
        route=Route(attempts=2),
        answer=None,
        finish=None,
        finish_raw=None,
        failure=failure,
        attempts=attempts,
        cost_usd=None,
    )


def a_finding(
    check: str = "contains",
    argument: str = '"30 days"',
    *,
    probe: str = "refund-window",
    statuses: Sequence[Status] = (Status.PASS,) * 3,
    status: Status | None = None,
    reason: str = "",
    mode: str = "contract",
    policy: bool = False,
    fault: Fault | None = None,
) -> Finding:
    """One finding over as many samples as there are statuses; the worst status is the finding's own. Its class is that
    of the check, unless told otherwise."""
    own = fault or getattr(CHECKS.get(check), "fault", Fault.WRONG_ANSWER)
    classes = {Status.FAIL: own, Status.ERROR: Fault.INSTRUMENT}
    order = (Status.FAIL, Status.ERROR, Status.PASS, Status.SKIPPED)
    looked = [entry for entry in statuses if entry in (Status.PASS, Status.FAIL)]
    found = status or next(entry for entry in order if entry in statuses)
    return Finding(
        probe=probe,
        check=check,
        argument=argument,
        mode=mode,  # type: ignore[arg-type]
        policy=policy,
        status=found,
        fault=classes.get(found),
        passed=looked.count(Status.PASS),
        total=len(looked),
        reason=reason,
        outcomes=tuple(
            SampleOutcome(
                sample_id=f"run-0042-{probe}-{index}",
                outcome=Outcome(status=entry, reason="" if entry is Status.PASS else reason, fault=classes.get(entry)),
            )
            for index, entry in enumerate(statuses)
        ),
    )


def a_probe(
    probe: str = "refund-window",
    *,
    samples: Sequence[Sample] | None = None,
    findings: Sequence[Finding] | None = None,
    health: Health = Health.HEALTHY,
    labels: Mapping[str, str] | None = None,
    prompt: str = "How do I return a keyboard bought two weeks ago?",
) -> ProbeRecord:
    """One probe of three answered samples and two kept contracts, unless told otherwise."""
    return ProbeRecord(
        probe=probe,
        labels={"intent": "refund", "locale": "en"} if labels is None else labels,
        request_hash=f"hash-of-{probe}",
        conversation=(Message(role="user", content=prompt),),
        health=health,
        samples=tuple(samples) if samples is not None else tuple(a_sample(probe, index) for index in range(3)),
        findings=tuple(findings)
        if findings is not None
        else (a_finding(probe=probe), a_finding("no_refusal", "", probe=probe)),
    )


def a_stream(
    dimension: str,
    state: StreamState = StreamState.QUIET,
    score: float | None = 3.0,
    *,
    scope: str = "suite",
    effect: Effect | None = None,
    runs: int = 96,
    since: str | None = None,
    note: str = "",
) -> StreamResult:
    """The judge's word on one stream; ``ln_m`` follows from the score."""
    score = None if state is StreamState.COLLECTING else score
    return StreamResult(
        key=StreamKey(scope=scope, dimension=dimension),
        state=state,
        score=score,
        ln_m=None if score is None else score / 100 * 15.5,
        ln_c=15.5,
        baseline_size=runs,
        effect=effect,
        since=since,
        opened=state is StreamState.ALARM,
        supported=state is StreamState.ALARM,
        note=note,
    )


def a_run(
    probes: Sequence[ProbeRecord] | None = None,
    *,
    health: Health = Health.HEALTHY,
    drift: Sequence[StreamResult] = (),
    alerts: Sequence[AlertView] = (),
    run_id: str = "run-0042",
    started_at: datetime = NOW,
    note: str = "",
) -> RunRecord:
    """One run, as the store gives it back."""
    return RunRecord(
        run_id=run_id,
        suite="support-bot",
        endpoint="production",
        trigger="schedule",
        started_at=started_at,
        duration_s=4.218,
        health=health,
        probes=tuple(probes) if probes is not None else (a_probe(), a_probe("greeting")),
        drift=tuple(drift),
        alerts=tuple(alerts),
        note=note,
    )


# ------------------------------------------------------------------------------------------------ whole stories
QUIET_DIMENSIONS = (
    "latency.first_token",
    "latency.total",
    "tokens.input",
    "checks",
    "failures",
    "refusals",
    "finish",
)


def healthy_run() -> RunRecord:
    """Every contract kept, ten streams quiet or collecting."""
    quiet = [a_stream(dimension, score=float(index * 5)) for index, dimension in enumerate(QUIET_DIMENSIONS)]
    collecting = [a_stream("latency.total.tail", StreamState.COLLECTING, runs=12, note="12 of 20 runs")]
    return a_run(drift=[*quiet, *collecting])


def _moved_samples(probe: str) -> list[Sample]:
    route = Route(model="support-bot-2026-03", provider="openai", region="us-east-1", cache="miss", fallbacks=1)
    return [
        a_sample(
            probe,
            index,
            answer=NEW_ANSWER,
            route=route,
            usage=TokenUsage(input_tokens=48, cached_input_tokens=0, output_tokens=80 + index * 2, reasoning_tokens=0),
            timing=Timing(connect_s=0.03, first_byte_s=0.3, first_token_s=0.5 + index / 50, total_s=1.9 + index / 10),
        )
        for index in range(3)
    ]


def _failing_probes() -> list[ProbeRecord]:
    broken = "expected the text 30 days, found 14 days"
    refund = [
        a_finding(statuses=(Status.FAIL, Status.PASS, Status.FAIL), reason=broken),
        a_finding("first_token", '{"max":"2s"}'),
        a_finding(
            "route",
            '{"model":"support-bot-2026-02"}',
            policy=True,
            statuses=(Status.FAIL,) * 3,
            reason="model support-bot-2026-03 is not support-bot-2026-02",
        ),
    ]
    invoice_samples = [
        a_sample("invoice-json", 0, answer='{"total": 1240.5, "due_date": "2026-07-01"}'),
        a_failed_sample(FailureClass.SERVER, "upstream connect error", "invoice-json", 1, 502),
        a_sample("invoice-json", 2, answer='{"total": 1240.5}'),
    ]
    invoice = [
        a_finding(
            "json_schema",
            '{"required":["total","due_date"]}',
            probe="invoice-json",
            statuses=(Status.PASS, Status.SKIPPED, Status.FAIL),
            reason="'due_date' is a required property",
        )
    ]
    sums = [
        a_finding(
            "contains",
            '"147"',
            probe="arithmetic",
            mode="tracked",
            statuses=(Status.PASS, Status.FAIL, Status.PASS),
            reason="expected the text 147, found 133",
        )
    ]
    return [
        a_probe(samples=_moved_samples("refund-window"), findings=refund, health=Health.FAILING),
        a_probe("invoice-json", samples=invoice_samples, findings=invoice, health=Health.FAILING),
        a_probe("arithmetic", findings=sums, labels={"intent": "sum"}),
        a_probe("greeting", labels={}),
    ]


def failing_run() -> RunRecord:
    """Two contracts and a policy broken; answers, output tokens and route in alarm; one request lost."""
    alarm, since = StreamState.ALARM, "run-0039"
    drift = [
        a_stream("latency.first_token", StreamState.WATCH, 58.3, effect=Effect(kind="ratio", value=1.09)),
        a_stream("latency.total", StreamState.WARN, 81.25, effect=_ratio(1.18, 1.04, 1.33), since="run-0040"),
        a_stream("tokens.output", alarm, 100.0, effect=_ratio(1.31, 1.22, 1.40), since=since),
        a_stream("answers", alarm, 100.0, effect=Effect(kind="distance", value=1.8), since=since),
        a_stream("answers", alarm, 100.0, scope="refund-window", effect=Effect(kind="distance", value=2.4)),
        a_stream("answers", score=4.0, scope="greeting"),
        a_stream("route", alarm, 100.0, effect=_difference(0.67, 0.4, 0.8), since=since, note="support-bot-2026-03"),
        a_stream("checks", score=31.4, effect=_difference(0.12, 0.05, 0.2)),
        a_stream("failures", score=12.0),
        a_stream("refusals", score=0.0),
        a_stream("finish", score=0.0),
        a_stream("latency.total.tail", StreamState.COLLECTING, runs=12, note="12 of 20 runs"),
        a_stream("tokens.output", StreamState.COLLECTING, scope="arithmetic", runs=14),
    ]
    alerts = [
        AlertView(key="support-bot/production/contract", kind="contract", severity="page", state="open"),
        AlertView(key="support-bot/production/drift", kind="drift", severity="ticket", state="open"),
    ]
    began = {f"run-00{42 - ago}": Began(at=NOW - timedelta(minutes=15 * ago), runs_ago=ago) for ago in range(4)}
    return replace(a_run(_failing_probes(), health=Health.FAILING, drift=drift, alerts=alerts), began=began)


def _ratio(value: float, low: float, high: float) -> Effect:
    return Effect(kind="ratio", value=value, low=low, high=high)


def _difference(value: float, low: float, high: float) -> Effect:
    return Effect(kind="difference", value=value, low=low, high=high)


def unknown_run() -> RunRecord:
    """Nobody answered: the key was refused everywhere."""
    lost = [a_failed_sample(FailureClass.AUTH, "invalid api key", index=index, status=401) for index in range(3)]
    skipped = [a_finding(statuses=(Status.SKIPPED,) * 3, reason="no answer to look at")]
    return a_run([a_probe(samples=lost, findings=skipped, health=Health.UNKNOWN)], health=Health.UNKNOWN)


def hostile_run() -> RunRecord:
    """Every text that may come from elsewhere is ``HOSTILE``."""
    route = Route(
        model=HOSTILE, fingerprint=HOSTILE, provider=HOSTILE, deployment=HOSTILE, region=HOSTILE, tier=HOSTILE
    )
    samples = [
        a_sample(HOSTILE, 0, answer=HOSTILE, route=route, finish_raw=HOSTILE, trace_id=HOSTILE),
        a_failed_sample(FailureClass.SERVER, HOSTILE, HOSTILE, 1, 500),
    ]
    findings = [
        a_finding(HOSTILE, HOSTILE, probe=HOSTILE, statuses=(Status.FAIL,), reason=HOSTILE),
        a_finding("json_path", HOSTILE, probe=HOSTILE, statuses=(Status.ERROR,), reason=HOSTILE),
        a_finding("regex", HOSTILE, probe=HOSTILE, statuses=(Status.SKIPPED,), reason=HOSTILE),
        a_finding("equals", HOSTILE, probe=HOSTILE, statuses=(Status.FAIL,), reason=HOSTILE, mode="tracked"),
    ]
    probe = a_probe(
        HOSTILE, samples=samples, findings=findings, health=Health.FAILING, labels={HOSTILE: HOSTILE}, prompt=HOSTILE
    )
    alarm = StreamState.ALARM
    drift = [
        a_stream(f"trace.{HOSTILE}", alarm, 100.0, note=HOSTILE, since=HOSTILE, effect=_ratio(2.0, 1.5, 2.5)),
        a_stream("answers", alarm, 100.0, scope=HOSTILE, note=HOSTILE),
        a_stream("route", StreamState.COLLECTING, runs=2, note=HOSTILE),
    ]
    alerts = [AlertView(key=HOSTILE, kind=HOSTILE, severity=HOSTILE, state=HOSTILE)]
    run = a_run([probe], health=Health.FAILING, drift=drift, alerts=alerts, note=HOSTILE, run_id=HOSTILE)
    return replace(run, suite=HOSTILE, endpoint=HOSTILE, trigger=HOSTILE)


# ------------------------------------------------------------------------------------------------ reports
def _points(key: StreamKey, final: StreamResult, runs: int) -> tuple[StreamPoint, ...]:
    points = []
    for index in range(runs):
        rising = max(0.0, (index - runs + 6) / 6) if final.score and final.score > 50 else 1.0
        calm = 4.0 + (index * 7 + len(key.dimension)) % 9
        score = max(calm, (final.score or 0.0) * rising) if index >= 20 or runs < 20 else None
        at = NOW - timedelta(minutes=15 * (runs - 1 - index))
        score = None if final.state is StreamState.COLLECTING else score
        points.append(
            StreamPoint(
                run_id=f"run-{42 - runs + 1 + index:04d}",
                started_at=at,
                score=min(score, 100.0) if score else None,
                ln_m=None if score is None else score / 100 * 15.5,
                ln_c=15.5,
                state="collecting" if score is None else final.state.value if index == runs - 1 else "quiet",
            )
        )
    return tuple(points)


def a_baseline(*, size: int = 120) -> BaselineView:
    """Twenty runs of an accepted baseline, with ``size`` values a dimension."""
    return BaselineView(
        runs=20,
        captured_at=NOW - timedelta(days=12),
        author="mira",
        reason="first week after the launch",
        values={
            "latency.first_token": tuple(0.3 + ((i * 37) % 101) / 400 for i in range(size)),
            "latency.total": tuple(1.1 + ((i * 53) % 97) / 110 + (2.5 if i % 40 == 39 else 0) for i in range(size)),
            "tokens.output": tuple(float(52 + (i * 29) % 19) for i in range(size)),
        },
        answers={
            "refund-window": ((OLD_ANSWER, 41), ("Within 30 days, with the receipt.", 19)),
            "invoice-json": (('{"total": 1240.5, "due_date": "2026-07-01"}', 60),),
        },
        routes={"openai / support-bot-2026-02 / eu-west-1": 240},
    )


def a_report(run: RunRecord | None = None, *, baseline: BaselineView | None = None, runs: int = 42) -> Report:
    """The failing run with its history and baseline, as the HTML page gets it."""
    run = run or failing_run()
    before = [
        replace(
            healthy_run(),
            run_id=f"run-{42 - back:04d}",
            started_at=NOW - timedelta(minutes=15 * back),
        )
        for back in range(5, 0, -1)
    ]
    return Report(
        run=run,
        recent=(*before, run),
        baseline=baseline or a_baseline(),
        history={result.key: _points(result.key, result, runs) for result in run.drift},
        owner=Owner(team="support", contact="#support-oncall", runbook="https://wiki.example.com/support-bot"),
        replay="holdfast replay suites/support-bot.yaml --endpoint production --run run-0042",
    )


def hostile_report() -> Report:
    """A report in which every text that may come from elsewhere is ``HOSTILE``."""
    run = hostile_run()
    baseline = replace(
        a_baseline(),
        author=HOSTILE,
        reason=HOSTILE,
        answers={HOSTILE: ((HOSTILE[::-1], 3),)},
        routes={HOSTILE: 12},
    )
    report = a_report(run, baseline=baseline)
    owner = Owner(team=HOSTILE, contact=HOSTILE, runbook="javascript:alert(1)")
    return replace(report, owner=owner, replay=HOSTILE)
