"""run_checks: what a finding says of several samples, and that nothing broken ever passes."""

from __future__ import annotations

from typing import Any, ClassVar

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import TypeAdapter

from checks.check import PASSED, CheckContext, failed, skipped
from checks.finding import Finding, Outcome, Status
from checks.run_checks import BoundCheck, run_checks
from probes.sample import Sample
from tests.fakes.rules import NOTHING_ELSE, bound, spec
from tests.fakes.samples import answered, timed_out

PASS, FAIL, ERROR, SKIPPED = Status.PASS, Status.FAIL, Status.ERROR, Status.SKIPPED


class Told:
    """A rule that does what the answer says."""

    name: ClassVar[str] = "told"
    argument: ClassVar[TypeAdapter[Any]] = TypeAdapter(object)
    policy: ClassVar[bool] = False

    def __init__(self, argument: object) -> None: ...

    def examine(self, sample: Sample, context: CheckContext) -> Outcome:
        if sample.answer == "error":
            raise RuntimeError("no such\nthing")
        return {"pass": PASSED, "fail": failed(f"no {sample.index}"), "skip": skipped("not mine")}[sample.answer or ""]


def found(words: list[str], require: str = "all", rule: type = Told) -> Finding:
    samples = [timed_out(n) if word == "failure" else answered(word, n) for n, word in enumerate(words)]
    check = BoundCheck(rule=rule(None), spec=spec({"told": None, "require": require}), argument_text='"x"')
    (finding,) = run_checks([check], "refund-window", samples, NOTHING_ELSE)
    return finding


@pytest.mark.parametrize(
    ("words", "require", "status", "passed", "total"),
    [
        ("pass pass pass", "all", PASS, 3, 3),
        ("pass fail pass", "all", FAIL, 2, 3),
        ("pass fail fail", "any", PASS, 1, 3),
        ("fail fail fail", "any", FAIL, 0, 3),
        ("pass pass fail", "2 of 3", PASS, 2, 3),
        ("pass fail fail", "2 of 3", FAIL, 1, 3),
        ("pass pass pass pass fail fail", "2 of 3", PASS, 4, 6),
        ("pass pass pass fail fail fail", "2 of 3", FAIL, 3, 6),
        ("pass fail", "2 of 3", FAIL, 1, 2),
        ("pass pass pass pass fail", "80%", PASS, 4, 5),
        ("pass pass pass fail fail", "80%", FAIL, 3, 5),
        ("pass error pass", "all", ERROR, 2, 2),
        ("fail error", "all", FAIL, 0, 1),
        ("fail error", "any", ERROR, 0, 1),
        ("pass error", "any", ERROR, 1, 1),
        ("fail fail error", "2 of 3", FAIL, 0, 2),
        ("error", "all", ERROR, 0, 0),
        ("error skip failure", "all", ERROR, 0, 0),
        ("failure failure", "all", SKIPPED, 0, 0),
        ("skip skip", "all", SKIPPED, 0, 0),
        ("pass failure skip", "all", PASS, 1, 1),
        ("fail failure", "any", FAIL, 0, 1),
        ("", "all", SKIPPED, 0, 0),
    ],
)
def test_a_finding_has_the_status_its_requirement_gives(
    words: str, require: str, status: Status, passed: int, total: int
) -> None:
    finding = found(words.split(), require)
    assert (finding.status, finding.passed, finding.total) == (status, passed, total)
    assert len(finding.outcomes) == len(words.split())


@pytest.mark.parametrize(
    ("words", "require", "reason"),
    [
        ("pass pass", "all", ""),
        ("fail", "all", "no 0"),
        ("pass fail fail", "all", "2 of 3 samples: no 1"),
        ("pass fail fail", "80%", "2 of 3 samples: no 1 (80% must pass)"),
        ("fail fail failure", "2 of 3", "2 of 2 samples: no 0 (2 of 3 must pass)"),
        ("error", "all", r"the check itself broke: RuntimeError: no such\nthing"),
        ("pass error", "all", r"1 of 2 samples: the check itself broke: RuntimeError: no such\nthing"),
        ("failure", "all", "there is no answer to look at: timeout_total"),
        ("", "all", "there are no samples"),
    ],
)
def test_a_finding_gives_its_reason_and_how_many_samples_share_it(words: str, require: str, reason: str) -> None:
    assert found(words.split(), require).reason == reason


@given(
    st.lists(st.sampled_from(["pass", "fail", "error", "skip", "failure"]), max_size=8),
    st.sampled_from(["all", "any", "1 of 1", "2 of 3", "3 of 5", "1%", "80%", "100%"]),
)
def test_nothing_broken_or_unseen_is_ever_a_pass(words: list[str], require: str) -> None:
    finding = found(words, require)
    if finding.status is PASS:
        assert "error" not in words
        assert finding.passed > 0
        assert not finding.reason
    else:
        assert finding.reason
    if finding.status is FAIL:
        assert "fail" in words


@pytest.mark.parametrize("share", [1, 7, 14, 28, 29, 55, 56, 57, 58, 80, 99])
def test_a_share_of_100_samples_needs_exactly_that_many(share: int) -> None:
    assert found(["pass"] * share + ["fail"] * (100 - share), f"{share}%").status is PASS
    assert found(["pass"] * (share - 1) + ["fail"] * (101 - share), f"{share}%").status is FAIL


def test_a_broken_negation_is_an_error_and_no_pass() -> None:
    class NotContainsBroken(Told):
        def examine(self, sample: Sample, context: CheckContext) -> Outcome:
            raise RecursionError

    assert found(["pass"], rule=NotContainsBroken).status is ERROR


@pytest.mark.parametrize("returned", [None, True, "pass"])
def test_a_rule_that_returns_something_else_is_broken(returned: object) -> None:
    class Odd(Told):
        def examine(self, sample: Sample, context: CheckContext) -> Outcome:
            return returned  # type: ignore[return-value]

    assert found(["pass"], rule=Odd).status is ERROR


def test_reasons_of_foreign_rules_are_kept_short_and_visible() -> None:
    class Wordy(Told):
        def examine(self, sample: Sample, context: CheckContext) -> Outcome:
            return failed("\x1b[2J" + "x" * 10_000)

    reason = found(["pass"], rule=Wordy).reason
    assert len(reason) == 500
    assert reason.startswith(r"\x1b[2J")


def test_a_finding_carries_what_the_suite_said_of_the_check() -> None:
    route = bound({"route": {"model": "other-*"}, "mode": "tracked"})
    (finding,) = run_checks([route], "refund-window", [answered()], NOTHING_ELSE)
    assert (finding.check, finding.probe, finding.mode, finding.policy) == ("route", "refund-window", "tracked", True)
    assert finding.argument == '{"model": "other-*"}'
    assert finding.outcomes[0].sample_id == "sample-0"


def test_findings_keep_the_order_of_the_list() -> None:
    checks = [bound("no_refusal"), bound({"contains": "30"}), bound({"contains": "31"})]
    findings = run_checks(checks, "refund-window", [answered()], NOTHING_ELSE)
    assert [(f.check, f.argument, f.status) for f in findings] == [
        ("no_refusal", "", PASS),
        ("contains", '"30"', PASS),
        ("contains", '"31"', FAIL),
    ]
