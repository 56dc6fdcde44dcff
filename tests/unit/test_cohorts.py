"""A regression in one cohort does not hide in the mean, and no cohort is named without evidence."""

from __future__ import annotations

import json
import random
from dataclasses import replace
from fractions import Fraction
from math import comb

import pytest

from checks.finding import Status
from checks.verdict import Health
from probes.failure import FailureClass
from reports import verdict_words
from reports.cohorts.cohorts import FAMILY, LEVEL, Cohort, cohorts, cuts, worse_words
from reports.cohorts.hypergeometric import lower_tail
from reports.cohorts.tables import ROWS
from reports.formats import json_format, markdown, text
from reports.formats.html import render_report
from reports.summary import ProbeNormal, ProbeRecord, RunRecord
from tests.fakes.records import (
    HOSTILE,
    NOW,
    a_baseline,
    a_failed_sample,
    a_finding,
    a_probe,
    a_report,
    a_run,
    a_sample,
)


def case(
    number: int, *, passed: bool = True, mode: str = "contract", family: str = "faq", **labels: str
) -> ProbeRecord:
    name = f"{family}/{number:08x}"
    status = Status.PASS if passed else Status.FAIL
    finding = a_finding(probe=name, statuses=(status,), mode=mode, reason="" if passed else "no")
    health = Health.HEALTHY if passed else Health.FAILING
    return a_probe(name, samples=[a_sample(name)], findings=[finding], labels=labels, health=health)


def one_bad_locale() -> RunRecord:
    bad = [case(number, passed=number < 3, locale="de") for number in range(12)]
    good = [case(number, locale="en" if number % 2 else "fr") for number in range(12, 60)]
    return a_run([*bad, *good], health=Health.FAILING)


def cohort_of(run: RunRecord, label: str, value: str) -> Cohort:
    (found,) = [one for one in cohorts(run) if (one.cut.label, one.cut.value) == (label, value)]
    return found


# ------------------------------------------------------------------------------------------------ the rule
def test_the_tail_is_the_exact_one_of_fishers_test() -> None:
    for total, others in ((1, 1), (3, 5), (12, 48), (20, 20)):
        for passed in range(total + 1):
            for others_passed in range(others + 1):
                good = passed + others_passed
                ways = sum(comb(good, x) * comb(total + others - good, total - x) for x in range(passed + 1))
                exact = float(Fraction(ways, comb(total + others, total)))
                assert lower_tail(passed, total, others_passed, others) == pytest.approx(exact, rel=1e-9)


def test_nothing_to_compare_with_is_no_evidence() -> None:
    assert lower_tail(0, 12, 0, 0) == 1.0
    assert lower_tail(0, 0, 12, 12) == 1.0


def test_runs_in_which_all_cohorts_are_alike_rarely_name_one() -> None:
    chance, named, rounds = random.Random(7), 0, 1500
    for _ in range(rounds):
        values = [chance.choice("abcd") for _ in range(60)]
        probes = [case(n, passed=chance.random() < 0.8, locale=value) for n, value in enumerate(values)]
        named += bool(worse_words(a_run(probes)))
    assert named / rounds <= LEVEL


# ------------------------------------------------------------------------------------------------ what is named
def test_a_clearly_worse_cohort_is_named_in_the_summary_with_the_others_beside_it() -> None:
    told = "locale=de: 3 of 12 probes passed, all others 48 of 48"
    assert worse_words(one_bad_locale()) == told
    assert told in verdict_words.verdict_reason(one_bad_locale())


def test_tracked_checks_count_too_so_a_healthy_run_names_its_bad_cohort() -> None:
    bad = [case(n, passed=n < 3, mode="tracked", locale="de") for n in range(12)]
    run = a_run([*bad, *(case(n, mode="tracked", locale="en") for n in range(12, 60))])
    assert "locale=de: 3 of 12 probes passed" in verdict_words.verdict_reason(run)
    assert "every contract kept" in verdict_words.verdict_reason(run)


def test_one_bad_probe_asked_often_is_no_bad_cohort() -> None:
    name = "faq/bad"
    samples = [a_sample(name, index) for index in range(30)]
    finding = a_finding(probe=name, statuses=(Status.FAIL,) * 30)
    bad = a_probe(name, samples=samples, findings=[finding], labels={"l": "x"})
    run = a_run([bad, *(case(n, l="x" if n % 2 else "y") for n in range(8))])
    assert worse_words(run) == ""


def test_a_cohort_that_could_not_be_measured_is_neither_good_nor_bad() -> None:
    held = [replace(case(n, locale="de"), samples=(a_failed_sample(FailureClass.SPEND_CAP, "cap"),)) for n in range(12)]
    held = [replace(probe, findings=()) for probe in held]
    run = a_run([*held, *(case(n, locale="en") for n in range(12, 60))])
    assert cohort_of(run, "locale", "de").cut.well.total == 0
    assert worse_words(run) == ""


def test_a_cohort_without_any_answer_is_worse_than_the_rest() -> None:
    lost = [replace(case(n, locale="de"), samples=(a_failed_sample(FailureClass.SERVER, "x"),)) for n in range(12)]
    lost = [replace(probe, findings=()) for probe in lost]
    run = a_run([*lost, *(case(n, locale="en") for n in range(12, 60))])
    assert "locale=de: 0 of 12 probes passed" in worse_words(run)
    assert cohort_of(run, "locale", "de").failures == 12


# ------------------------------------------------------------------------------------------------ the figures
def test_every_figure_is_cut_by_each_value_of_each_label() -> None:
    run = one_bad_locale()
    assert [(one.cut.value, one.samples) for one in cohorts(run)] == [("de", 12), ("en", 24), ("fr", 24)]
    bad = cohort_of(run, "locale", "de")
    assert (bad.contracts.passed, bad.contracts.total, bad.health) == (3, 12, Health.FAILING)
    assert bad.total_s == pytest.approx(a_sample("faq/00000000").timing.total_s)
    assert bad.cost_usd == pytest.approx(12 * 0.00042)


def test_a_label_of_one_value_cuts_nothing_and_probes_without_it_are_in_no_group() -> None:
    run = a_run([case(1, locale="de"), case(2), case(3)])
    assert cohorts(run) == ()
    run = a_run([case(1, locale="de"), case(2, locale="en"), case(3)])
    assert cohort_of(run, "locale", "de").cut.others.total == 1


def test_the_family_of_cases_is_a_label_and_plain_probes_are_among_its_others() -> None:
    plain = replace(case(9), probe="plain", labels={})
    run = a_run([case(1), case(2), case(3, family="orders"), plain])
    assert cohort_of(run, FAMILY, "faq").cut.others.total == 2
    assert [cut.value for cut in cuts(run)] == ["faq", "orders"]


# ------------------------------------------------------------------------------------------------ how it is told
def test_text_markdown_json_and_page_tell_the_cohorts() -> None:
    run = one_bad_locale()
    assert "locale=de (clearly" in text.render([run], exit_code=1)
    assert "`locale=de (clearly worse)` | 3 of 12 | 48 of 48" in markdown.render([run], exit_code=1)
    first = json.loads(json_format.render([run], exit_code=1))["runs"][0]["cohorts"][0]
    assert (first["label"], first["value"], first["worse"]) == ("locale", "de", True)
    assert first["probes_passed"] == {"passed": 3, "total": 12}
    assert first["chance"] < 1e-6


def test_the_page_sets_each_cohort_beside_its_baseline() -> None:
    run = one_bad_locale()
    probes = {
        probe.probe: ProbeNormal(runs=20, well=20 if probe.labels["locale"] != "de" else 19, total_s=(0.5,))
        for probe in run.probes
    }
    report = a_report(run, baseline=replace(a_baseline(), probes=probes))
    page = render_report(report, generated_at=NOW, version="1")
    assert '<h2 id="cohorts">By label</h2>' in page
    assert "3 of 12 <span" in page
    assert "before 228 of 240, 95%" in page
    assert "before 500ms" in page


def test_labels_of_many_values_show_only_the_clearly_worse_ones_in_a_summary() -> None:
    many = [case(n, topic=f"t{n % 30}") for n in range(300)]
    bad = [case(n, topic="bad", passed=False) for n in range(300, 310)]
    told = text.render([a_run([*many, *bad], health=Health.FAILING)], exit_code=1)
    assert "topic=bad (clearly" in told
    assert "topic=t1 " not in told
    assert "and 30 more labels of the suite" in told
    assert ROWS < 30


def test_hostile_labels_reach_no_page_unescaped() -> None:
    run = a_run([case(1, **{HOSTILE: HOSTILE}), case(2, **{HOSTILE: "x"})])
    page = render_report(a_report(run), generated_at=NOW, version="1")
    assert "<script>alert(1)" not in page
    assert "\x1b" not in text.render([run], exit_code=0)


def test_a_run_of_thousands_of_cases_stays_readable() -> None:
    probes = [case(n, passed=n % 2 == 0, locale="de" if n % 3 else "en") for n in range(5000)]
    told = text.render([a_run(probes, health=Health.FAILING)], exit_code=1)
    assert len(told.splitlines()) < 300
    assert "and 4940 more probes, 2440 failing among them; every one is in the JSON" in told
    assert "and 2440 more checks; every one is in the JSON" in told
    page = render_report(a_report(a_run(probes, health=Health.FAILING)), generated_at=NOW, version="1")
    assert len(page) < 2_000_000
