"""Short forms of the long proofs: the soak, and the time from a change to its alert. The long forms are benchmarks."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.benchmarks.change_to_alert import PARTS, measure
from tests.benchmarks.soak import soak


@pytest.mark.slow
def test_a_daemon_over_many_suites_makes_every_run_leaks_no_file_and_its_store_grows_as_predicted(
    tmp_path: Path,
) -> None:
    soaked = soak(40, 2.0, 8.0, tmp_path, idle_s=0.5)
    told = "\n".join(soaked.lines())
    assert soaked.end.runs == soaked.end.healthy >= 100, told
    assert (soaked.end.skipped, soaked.end.withheld_or_broken) == ({"overlap": 0, "missed": 0}, 0), told
    assert soaked.looks[-1].files <= soaked.looks[0].files + 20, told
    assert 0 < soaked.kb_a_run < 15, told


@pytest.mark.slow
def test_a_broken_contract_is_told_and_every_part_of_the_time_it_took_is_known(tmp_path: Path) -> None:
    (change,) = measure(1, 0.5, 0.2, tmp_path)
    assert len(change.parts_s) == len(PARTS)
    assert sum(change.parts_s) == pytest.approx(change.whole_s)
    assert 0.2 <= change.whole_s < 30
    assert all(part >= 0 for part in change.parts_s), change.parts_s
