"""Rules over the samples of one probe: each check becomes one finding. Feeds verdict, drift, store and reports."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from checks.check import CheckContext, Rule, failed, skipped, unmeasured
from checks.faults import NO_ANSWER, classed, lacks_answer, overruled
from checks.finding import Finding, Outcome, SampleOutcome, Status
from checks.quote import shortened
from probes.fault import Fault
from probes.sample import Sample
from probes.suite import CheckSpec, KOfN, Require
from probes.turns import view_of

_ROUNDING = 1e-9  # 7 % of 100 is 7.000000000000001 in floating point


@dataclass(frozen=True, slots=True, kw_only=True)
class BoundCheck:
    """One entry of a check list, ready to look at samples."""

    rule: Rule
    spec: CheckSpec
    argument_text: str
    """The argument as compact JSON text, for people; empty where there is none."""
    turn: int | None = None
    """0-based number of the turn it looks at; None: the answer as a whole."""

    @property
    def policy(self) -> bool:
        """True where the rule states who may answer, or is made of such rules only."""
        parts: Sequence[BoundCheck] = getattr(self.rule, "parts", ())
        return all(part.policy for part in parts) if parts else self.rule.policy


def run_checks(
    bound: Sequence[BoundCheck], probe: str, samples: Sequence[Sample], context: CheckContext
) -> tuple[Finding, ...]:
    """One finding a check, in the order of the list.

    Samples that failed are skipped: an endpoint that gives no answer is a matter of availability, not of contracts.
    A rule that raises makes an error of that sample, whatever the rule, so that a broken ``not_contains`` never
    passes. The status of a finding:

    - fail: ``require`` is not met even if every sample whose examination broke counted as a pass;
    - else error: some examination broke, or the reply lacked what the rule needs;
    - else skipped: no sample could be looked at;
    - else pass.

    ``k of n`` is a share: of 6 samples examined, ``2 of 3`` needs 4. So is ``80%``.
    """
    return tuple(_finding(check, probe, samples, context) for check in bound)


def _finding(check: BoundCheck, probe: str, samples: Sequence[Sample], context: CheckContext) -> Finding:
    seen = {sample.sample_id: _seen(check, sample) for sample in samples}
    siblings = tuple(view for view in seen.values() if view is not None and view.failure is None)
    among = replace(context.at_turn(check.turn), siblings=siblings)
    outcomes = tuple(
        SampleOutcome(
            sample_id=sample.sample_id,
            outcome=overruled(_outcome(check, sample, seen[sample.sample_id], among), check.spec.fault),
        )
        for sample in samples
    )
    told = [entry.outcome for entry in outcomes]
    status = _status([outcome.status for outcome in told], check.spec.require)
    passed = sum(outcome.status is Status.PASS for outcome in told)
    return Finding(
        probe=probe,
        check=check.spec.check,
        argument=check.argument_text,
        mode=check.spec.mode,
        policy=check.policy,
        status=status,
        passed=passed,
        total=passed + sum(outcome.status is Status.FAIL for outcome in told),
        reason=_reason(status, told, check.spec.require),
        outcomes=outcomes,
        severity=check.spec.severity,
        turn=None if check.turn is None else check.turn + 1,
        fault=next((outcome.fault for outcome in told if outcome.status is status), None),
    )


def _seen(check: BoundCheck, sample: Sample) -> Sample | None:
    """What of a sample a check looks at; None where its script did not get that far."""
    return sample if check.turn is None else view_of(sample, check.turn)


def _outcome(check: BoundCheck, sample: Sample, seen: Sample | None, context: CheckContext) -> Outcome:
    if seen is None and sample.failure is None:
        return failed(
            "the script did not get to this turn: an earlier one ended in a call of a tool, "
            "without a scripted result or at its last round (tool_rounds)",
            fault=Fault.TOOL_FAILURE,
        )
    if seen is None or seen.failure is not None:
        why = sample.failure.kind.value if sample.failure else ""
        return skipped(f"there is no answer to look at: {why}")
    return examined(check.rule, seen, context)


def examined(rule: Rule, sample: Sample, context: CheckContext) -> Outcome:
    """What a rule says of one answered sample, whatever the rule: one that raises makes an error."""
    if lacks_answer(rule, sample):
        return classed(unmeasured(NO_ANSWER), rule)
    try:
        outcome = rule.examine(sample, context)
        # built anew, so that a rule of another package cannot smuggle in something else than an outcome
        span = _within(outcome.span, sample.answer or "")
        built = Outcome(status=Status(outcome.status), reason=shortened(outcome.reason), span=span, fault=outcome.fault)
        return classed(built, rule)
    except Exception as error:  # noqa: BLE001  # bulkhead: one broken rule must not take the run down, nor look green
        broke = unmeasured(shortened(f"the check itself broke: {type(error).__name__}: {error}"))
        return classed(broke, rule)


def _within(span: tuple[int, int] | None, answer: str) -> tuple[int, int] | None:
    """The span where it is a place in the answer; None for one that leads outside of it."""
    if span is None:
        return None
    start, end = map(int, span)
    return (start, end) if 0 <= start <= end <= len(answer) else None


def _status(statuses: Sequence[Status], require: Require) -> Status:
    passed, broke = statuses.count(Status.PASS), statuses.count(Status.ERROR)
    examined = passed + statuses.count(Status.FAIL)
    if examined and not _met(require, passed + broke, examined + broke):
        return Status.FAIL
    if broke:
        return Status.ERROR
    return Status.PASS if examined else Status.SKIPPED


def _met(require: Require, passed: int, total: int) -> bool:
    if require == "all":
        return passed == total
    if require == "any":
        return passed > 0
    if isinstance(require, KOfN):
        return passed * require.n >= require.k * total
    return passed >= require * total - _ROUNDING


def _reason(status: Status, outcomes: Sequence[Outcome], require: Require) -> str:
    alike = [outcome.reason for outcome in outcomes if outcome.status is status]
    if status is Status.PASS:
        return ""
    if not alike:
        return "there are no samples"
    # a fail is counted among the samples examined, a broken or skipped check among all
    among = (
        len(outcomes) if status is not Status.FAIL else sum(o.status in (Status.PASS, Status.FAIL) for o in outcomes)
    )
    count = f"{len(alike)} of {among} samples: " if among > 1 else ""
    needed = f" ({_words(require)} must pass)" if status is Status.FAIL and among > 1 and require != "all" else ""
    return f"{count}{alike[0]}{needed}"


def _words(require: Require) -> str:
    return f"{100 * require:g}%" if isinstance(require, float) else str(require)
