"""The HTML page: self-contained, verdict first, and nothing foreign comes alive in it."""

from __future__ import annotations

import re
from dataclasses import replace

from checks.drift.result import Effect
from probes.failure import FailureClass
from probes.suite import Owner
from tests.fakes.pages import Page, rendered
from tests.fakes.records import (
    a_failed_sample,
    a_finding,
    a_probe,
    a_report,
    a_run,
    a_sample,
    a_stream,
    failing_run,
    healthy_run,
    hostile_report,
    unknown_run,
)


def test_nothing_is_loaded_and_nothing_runs() -> None:
    for report in (a_report(), hostile_report()):
        tags = Page(rendered(report)).tags
        assert not {tag for tag, _ in tags} & {"script", "link", "img", "iframe", "object", "embed", "form", "base"}
        names = {name for _, attributes in tags for name in attributes}
        assert not {name for name in names if name.startswith("on") or name in ("src", "srcset", "action", "style")}


def test_the_page_forbids_itself_everything_but_inline_style() -> None:
    policies = [a.get("content") for tag, a in Page(rendered(a_report())).tags if "http-equiv" in a]
    assert policies == ["default-src 'none'; style-src 'unsafe-inline'; img-src data:"]
    style = re.search(r"<style>(.*?)</style>", rendered(a_report()), re.S)
    assert style is not None
    assert "url(" not in style[1]
    assert "@import" not in style[1]


def test_the_only_link_is_the_runbook() -> None:
    links = [attributes for tag, attributes in Page(rendered(a_report())).tags if tag == "a"]
    assert [link["href"] for link in links] == ["https://wiki.example.com/support-bot"]


def test_a_runbook_that_is_no_web_address_stays_text() -> None:
    page = Page(rendered(replace(a_report(), owner=Owner(runbook="javascript:alert(1)"))))
    assert not [tag for tag, _ in page.tags if tag == "a"]
    assert "javascript:alert(1)" in page.text


def test_every_tag_is_closed_even_around_hostile_text() -> None:
    for report in (a_report(), hostile_report(), a_report(unknown_run()), a_report(a_run([]))):
        assert Page(rendered(report)).open == []


def test_hostile_text_is_shown_and_not_obeyed() -> None:
    source = rendered(hostile_report())
    assert re.search(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069\ud800-\udfff]", source) is None
    assert "<script>alert(1)</script>" in Page(source).text
    assert "{{ 7*7 }}" in Page(source).text


def test_the_verdict_comes_first_and_says_why() -> None:
    text = Page(rendered(a_report())).text.split("</style>")[-1]
    words = ["✘ FAILING", "support-bot", "2 contracts broken", "What to do", "What moved", "All streams"]
    words += ["Before and now", "Changed answers", "Failed requests", "Probes", "Routes", "This run"]
    start = text.index("✘ FAILING")
    places = [text.index(word, start) for word in words]
    assert places == sorted(places)


def test_what_moved_is_told_with_effect_score_and_since() -> None:
    text = Page(rendered(a_report())).text
    assert "tokens.output alarm" in text
    assert "x1.31 (between x1.22 and x1.40)" in text
    assert "2026-03-14 08:30 UTC" in text


def test_a_share_of_failures_that_fell_is_told_as_an_improvement_in_the_list_of_all_streams() -> None:
    fell = Effect(kind="difference", value=-0.53, low=-0.6, high=-0.4)
    run = replace(healthy_run(), drift=(a_stream("checks", score=0.0, effect=fell),))
    streams = Page(rendered(a_report(run))).text.partition("All streams")[2]
    assert "-53 points (between -60 and -40), improved" in streams


def test_changed_answers_stand_side_by_side_with_marks() -> None:
    source = rendered(a_report())
    assert "<del>30</del>" in source
    assert "<ins>14</ins>" in source


def test_a_healthy_page_says_that_nothing_moved() -> None:
    text = Page(rendered(a_report(healthy_run()))).text
    assert "✔ HEALTHY" in text
    assert "Nothing: 7 streams quiet, 1 collecting (12 of 20 runs)." in text
    assert "Changed answers" not in text


def test_a_page_without_judged_streams_does_not_claim_that_nothing_moved() -> None:
    text = Page(rendered(replace(a_report(a_run()), baseline=None))).text
    assert "Not judged: no baseline to compare with yet." in text
    assert "none yet, so drift is not judged" in text


def test_provenance_of_the_baseline_and_the_replay_command_are_told() -> None:
    text = Page(rendered(a_report())).text
    assert "20 runs, captured 2026-03-02 09:15 UTC, by mira: first week after the launch" in text
    assert "holdfast replay suites/support-bot.yaml --endpoint production --run run-0042" in text


def test_every_picture_has_a_title_and_every_table_head_a_scope() -> None:
    source = rendered(a_report())
    tags = Page(source).tags
    assert source.count("<svg") == source.count("<title>") - 1
    assert all(attributes.get("scope") in ("col", "row") for tag, attributes in tags if tag == "th")
    assert [tag for tag, _ in tags if tag == "h1"] == ["h1"]


def test_failed_samples_show_no_route_of_theirs() -> None:
    probe = a_probe(samples=[a_sample(), a_failed_sample(FailureClass.SERVER, "boom", index=1)])
    routes = Page(rendered(a_report(a_run([probe])))).text.split("Samples in the baseline")[-1].split("This run")[0]
    assert routes.split() == ["openai", "/", "support-bot-2026-02", "/", "eu-west-1", "1", "240"]


def test_a_page_of_ten_probes_and_three_samples_stays_below_300_kb() -> None:
    answer = " ".join(f"word{index}" for index in range(400))
    probes = [
        a_probe(
            f"probe-{number}",
            samples=[a_sample(f"probe-{number}", index, answer=answer[number * 40 :]) for index in range(3)],
            findings=[a_finding(name, probe=f"probe-{number}") for name in ("contains", "route", "json_path")],
        )
        for number in range(10)
    ]
    dimensions = [result.key.dimension for result in failing_run().drift[:9]]
    drift = [a_stream(name, scope=scope) for name in dimensions for scope in ("suite", *(p.probe for p in probes))]
    moved = [*failing_run().drift[2:4], *drift]
    source = rendered(a_report(a_run(probes, drift=moved), runs=240))
    assert len(source.encode()) < 300_000
    assert "probe-9" in source
