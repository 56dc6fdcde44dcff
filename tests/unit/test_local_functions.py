"""The check ``python``: which code may be called, how it is fetched, and what its answer means."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from checks.check import CheckContext
from checks.finding import Finding, Status
from checks.rules import bind
from checks.run_checks import run_checks
from runner.preparing.local_functions import functions_of
from tests.fakes.rules import spec
from tests.fakes.samples import answered

TONE = """
import functools
from checks.finding import Outcome, Status

def polite(answer): return "please" in answer
def short(answer, most=10): return len(answer) <= most
def any_of_them(*known): return len(known) == 1
def finished(answer, sample): return sample.finish is not None and sample.answer == answer
def usual(answer, sample, context): return answer in context.baseline_answers
def reasoned(answer): return False, "expected a please"
def agreed(answer): return True, "fine"
def placed(answer): return Outcome(status=Status.FAIL, reason="there", span=(0, 2))
def outside(answer): return Outcome(status=Status.FAIL, reason="there", span=(0, 999))
def nothing(answer): return None
def truthy(answer): return 1
def wordy(answer): return "yes"
def raising(answer): return answer.index("never there")
def leaving(answer): raise SystemExit(0)
async def waiting(answer): return True
def none_at_all(): return True
def four(a, b, c, d): return True
def keyword(*, answer): return True
class Waits:
    async def __call__(self, answer): return True
waits = Waits()
constant = 3
half = functools.partial(short, most=3)
"""


@pytest.fixture(autouse=True)
def package(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """A package on this machine, with one module that works and some that do not."""
    folder = tmp_path / "acme_checks_under_test"
    folder.mkdir()
    (folder / "__init__.py").write_text("")
    (folder / "tone.py").write_text(TONE)
    (folder / "broken.py").write_text("import no_such_module_anywhere")
    (folder / "odd.py").write_text("raise ValueError('first\\nsecond \\x1b[2J')")
    (folder / "ending.py").write_text("import sys; sys.exit(0)")
    monkeypatch.syspath_prepend(str(tmp_path))
    yield
    for name in [name for name in sys.modules if name.startswith("acme_checks_under_test")]:
        del sys.modules[name]


ALLOWED = {"HOLDFAST_CHECK_PACKAGES": "another , acme_checks_under_test,math"}
KNOWN = CheckContext(baseline_answers=("please",))


def found(function: str, answer: str = "please") -> Finding:
    functions = functions_of(ALLOWED)
    rules, problems = bind([spec({"python": f"acme_checks_under_test.tone:{function}"})], functions)
    assert not problems, problems
    (finding,) = run_checks(rules, "p", [answered(answer)], KNOWN)
    return finding


def refusal(name: str, environ: dict[str, str] = ALLOWED) -> str:
    rules, problems = bind([spec({"python": name})], functions_of(environ))
    assert not rules
    (problem,) = problems
    assert problem.path == ("python",)
    return problem.message


@pytest.mark.parametrize(
    ("function", "status", "reason"),
    [
        ("polite", Status.PASS, ""),
        ("short", Status.PASS, ""),
        ("half", Status.FAIL, "expected acme_checks_under_test.tone:half to say True, it says False of 'please'"),
        ("any_of_them", Status.PASS, ""),
        ("finished", Status.PASS, ""),
        ("usual", Status.PASS, ""),
        ("agreed", Status.PASS, ""),
        ("reasoned", Status.FAIL, "expected a please"),
        ("placed", Status.FAIL, "there"),
        ("nothing", Status.ERROR, "got 'NoneType'"),
        ("truthy", Status.ERROR, "got 'int'"),
        ("wordy", Status.ERROR, "got 'str'"),
        ("raising", Status.ERROR, "the check itself broke: ValueError: substring not found"),
        ("leaving", Status.ERROR, "the check itself broke: RuntimeError: it called sys.exit"),
    ],
)
def test_a_function_says_what_it_returns_and_nothing_odd_is_a_pass(function: str, status: Status, reason: str) -> None:
    finding = found(function)
    assert finding.status is status
    assert reason in finding.reason
    assert bool(finding.reason) is (status is not Status.PASS)


def test_a_function_may_say_where_and_a_place_outside_of_the_answer_is_dropped() -> None:
    assert found("placed").outcomes[0].outcome.span == (0, 2)
    assert found("outside").outcomes[0].outcome.span is None


@pytest.mark.parametrize(
    ("name", "message"),
    [
        (
            "os:system",
            "os:system may not run here: it is code on this machine; allow it with HOLDFAST_CHECK_PACKAGES=os",
        ),
        ("acme_checks_under_test_too:f", "HOLDFAST_CHECK_PACKAGES=acme_checks_under_test_too"),
        ("acme_checks_under_test.nowhere:f", "could not be imported: ModuleNotFoundError"),
        ("acme_checks_under_test.broken:f", "No module named 'no_such_module_anywhere'"),
        ("acme_checks_under_test.odd:f", r"ValueError: first\nsecond \x1b[2J"),
        ("acme_checks_under_test.ending:f", "could not be imported: SystemExit: 0"),
        ("acme_checks_under_test.tone:rude", "there is no function rude in acme_checks_under_test.tone"),
        ("acme_checks_under_test.tone:constant", "there is no function constant"),
        ("acme_checks_under_test.tone:waiting", "is async"),
        ("acme_checks_under_test.tone:waits", "is async"),
        ("acme_checks_under_test.tone:none_at_all", "none_at_all() must take the answer"),
        ("acme_checks_under_test.tone:four", "four(a, b, c, d) must take the answer"),
        ("acme_checks_under_test.tone:keyword", "keyword(*, answer) must take the answer"),
        ("math:log", "math:log does not say what it takes"),
    ],
)
def test_a_function_that_cannot_be_called_is_refused_with_the_reason(name: str, message: str) -> None:
    told = refusal(name)
    assert message in told
    assert told.isprintable()


@pytest.mark.parametrize("environ", [{}, {"HOLDFAST_CHECK_PACKAGES": ""}, {"HOLDFAST_CHECK_PACKAGES": " , *"}])
def test_no_code_is_allowed_unless_the_environment_names_its_package(environ: dict[str, str]) -> None:
    assert "may not run here" in refusal("acme_checks_under_test.tone:polite", environ)
    assert "acme_checks_under_test" not in sys.modules


def test_a_function_counts_within_other_checks_too() -> None:
    entry = {"not": {"python": "acme_checks_under_test.tone:polite"}}
    rules, problems = bind([spec(entry)], functions_of(ALLOWED))
    assert not problems
    (finding,) = run_checks(rules, "p", [answered("go away")], KNOWN)
    assert finding.status is Status.PASS
