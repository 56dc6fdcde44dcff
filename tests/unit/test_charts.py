"""Pictures are well formed, titled, true to their values, and closed to hostile names."""

from __future__ import annotations

import math
from datetime import UTC, datetime, timedelta
from xml.etree import ElementTree as Xml

from hypothesis import given
from hypothesis import strategies as st

from reports import wording
from reports.evidence import charts
from reports.evidence.distribution import DOTS_MAX, LEFT, RIGHT, distributions
from reports.evidence.line import evidence_line
from reports.summary import StreamPoint
from tests.fakes.records import HOSTILE

VALUES = st.lists(st.floats(min_value=1e-6, max_value=1e6), min_size=1, max_size=40)


def picture(markup: str | None) -> Xml.Element:
    assert markup is not None
    return Xml.fromstring(markup)


@given(st.none() | st.floats(min_value=0, max_value=100))
def test_a_score_bar_is_as_long_as_the_score(score: float | None) -> None:
    fill = picture(charts.score_bar(score, "watch")).find("rect[@class='fill']")
    length = 0.0 if fill is None else float(fill.get("width", ""))
    assert math.isclose(length, score or 0.0, abs_tol=0.051)


def test_a_score_bar_says_its_score_in_words() -> None:
    assert picture(charts.score_bar(99.9, "warn")).findtext("title") == "score 99 of 100, warn"
    assert picture(charts.score_bar(None, "collecting")).findtext("title") == "collecting, no score yet"


def test_a_gap_in_the_scores_is_a_gap_in_the_line() -> None:
    line = picture(charts.sparkline([None, 1.0, 2.0, None, 3.0], "quiet")).find("path[@class='line']")
    assert line is not None
    assert line.get("d", "").count("M") == 2


def test_only_the_newest_runs_are_drawn() -> None:
    drawn = picture(charts.sparkline([100.0] + [1.0] * charts.POINTS_MAX, "quiet"))
    assert "highest 1, now 1" in (drawn.findtext("title") or "")


def test_no_scores_make_no_picture() -> None:
    assert charts.sparkline([None, None], "collecting") == ""


def test_shares_are_drawn_in_proportion() -> None:
    drawn = picture(charts.paired_bars({"a": 3, "b": 1}, {"a": 1, "c": 1}, "Routes"))
    widths = [(bar.get("class"), float(bar.get("width", ""))) for bar in drawn.iter("rect")]
    assert widths == [("before", 255), ("now", 170), ("before", 1), ("now", 170), ("before", 85), ("now", 1)]
    assert drawn.findtext("title") == "Routes: a: 75% before, 50% now; c: 0% before, 50% now; b: 25% before, 0% now"


def test_a_hostile_name_stays_text() -> None:
    drawn = picture(charts.paired_bars({HOSTILE: 1}, {HOSTILE: 1}, HOSTILE))
    assert {element.tag for element in drawn.iter()} <= {"svg", "title", "text", "tspan", "rect"}


@given(VALUES, VALUES)
def test_every_dot_and_median_lies_inside_the_picture(before: list[float], now: list[float]) -> None:
    drawn = picture(distributions(before, now, "Latency", wording.seconds))
    marks = [path.get("d", "") for path in drawn.iter("path") if path.get("class") in ("dots", "median")]
    places = [float(part.split()[0]) for mark in marks for part in mark.split("M")[1:]]
    assert len(places) == len(before) + len(now) + 2
    assert all(LEFT - 0.1 <= x <= RIGHT + 0.1 for x in places)


def test_the_medians_are_told_in_words() -> None:
    drawn = picture(distributions([1.0, 2.0, 9.0], [4.0], "Whole answer", wording.seconds))
    assert drawn.findtext("title") == "Whole answer: median 2s before (3), 4s now (1)"


def test_a_wide_span_gets_a_logarithmic_axis_that_says_so() -> None:
    wide, narrow = (distributions([1.0, top], [2.0], "t", wording.seconds) for top in (20.0, 4.0))
    assert "logarithmic" in str(wide)
    assert "logarithmic" not in str(narrow)


def test_a_large_baseline_is_drawn_with_a_bounded_number_of_dots() -> None:
    drawn = picture(distributions([float(i) for i in range(5000)], [1.0], "t", wording.seconds))
    assert [path.get("d", "").count("M") for path in drawn.iter("path") if path.get("class") == "dots"] == [
        DOTS_MAX,
        1,
    ]


def test_one_side_alone_makes_no_picture() -> None:
    assert distributions([], [1.0], "t", wording.seconds) is None
    assert distributions([1.0], [float("nan")], "t", wording.seconds) is None


# ------------------------------------------------------------------------------------------------ evidence over time
def points(*values: float | None) -> list[StreamPoint]:
    began = datetime(2026, 3, 14, 9, tzinfo=UTC)
    return [
        StreamPoint(
            run_id=f"run-{at}",
            started_at=began + timedelta(minutes=15 * at),
            score=None,
            state="quiet",
            ln_m=value,
            ln_c=15.5,
        )
        for at, value in enumerate(values)
    ]


def test_evidence_over_time_is_drawn_with_its_threshold_and_the_moment_of_change() -> None:
    line = points(None, 0.5, 1.0, 0.2, 8.0, 16.0)
    drawn = evidence_line(line, "route", line[4].started_at)
    assert drawn is not None
    assert "Evidence of route: ln M 16.0 now, highest 16.0, alarm at 15.5" in drawn
    assert "since 10:00" in drawn
    assert drawn.count("L") >= 4


def test_too_few_points_have_no_line_and_wild_ones_stay_inside_it() -> None:
    assert evidence_line(points(None, 1.0, 2.0), "route", None) is None
    drawn = evidence_line(points(1.0, -5.0, math.inf, 3.0), "<b>", None)
    assert drawn is not None
    assert "<b>" not in drawn
    assert "inf" not in drawn


def test_what_people_declared_is_an_upright_line_before_the_first_run_after_it_and_its_words_do_not_act() -> None:
    small = picture(charts.sparkline([1.0, 2.0, None, 3.0], "quiet", [(2, "mark by <b>"), (0, "before all")]))
    drawn = small.findall("path[@class='declared']")
    assert [title.text for path in drawn for title in path] == ["mark by <b>"]
    assert drawn[0].get("d", "").startswith("M73 ")  # four runs, 46.7 apart from 3: between the second and the third
    line = points(1.0, 2.0, 3.0, 4.0)
    large = evidence_line(
        line, "route", None, [(line[1].started_at, "deploy <42>"), (line[0].started_at - timedelta(days=9), "old")]
    )
    assert large is not None
    told = picture(large).findall("path[@class='declared']")
    assert [title.text for path in told for title in path] == ["deploy <42>"]
