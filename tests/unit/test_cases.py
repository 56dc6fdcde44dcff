"""One probe that asks many questions becomes as many plain probes, each with an identity of its own."""

from __future__ import annotations

import csv
import io
import json
import random
from pathlib import Path
from typing import Any

import pytest

from probes.cases import case_id, identity
from probes.csv_rows import csv_rows
from probes.errors import SuiteError, UsageError
from probes.json_rows import json_line_rows, json_rows
from probes.rows import Refusing
from probes.suite import Probe, Suite
from probes.suite_file import LoadedSuite, read_suite
from probes.unfolding import MOST_CASES
from runner.preparing.prepare import AnyEnvironment, prepare, select

HEAD: dict[str, Any] = {
    "version": 1,
    "suite": "cases",
    "endpoints": {"production": {"base_url": "http://127.0.0.1:9/v1"}},
}


def loaded(folder: Path, *probes: dict[str, Any], name: str = "suite.yaml", at_hand: bool = True) -> LoadedSuite:
    path = folder / name
    path.write_text(json.dumps({**HEAD, "probes": probes}), encoding="utf-8")
    return read_suite(path, {}, secrets_at_hand=at_hand)


def suite(folder: Path, *probes: dict[str, Any]) -> Suite:
    return loaded(folder, *probes).suite


def refused(folder: Path, *probes: dict[str, Any]) -> list[str]:
    with pytest.raises(SuiteError) as error:
        loaded(folder, *probes)
    return [str(problem) for problem in error.value.problems]


def from_file(folder: Path, name: str, text: str | bytes, **how: Any) -> tuple[Probe, ...]:
    (folder / name).write_bytes(text if isinstance(text, bytes) else text.encode())
    return suite(folder, {"id": "faq", "prompt": "{{ question }}", "cases": {"file": name, **how}}).probes


# ------------------------------------------------------------------------------------------------ matrices and cases
def test_every_combination_of_a_matrix_is_a_probe_that_shares_the_other_variables(tmp_path: Path) -> None:
    made = suite(
        tmp_path,
        {
            "id": "refund",
            "prompt": "{{ item }} in {{ country }} at {{ shop }}",
            "vars": {"shop": "ours"},
            "matrix": {"item": ["keyboard", "mouse"], "country": ["DE", "FR"]},
        },
    ).probes
    assert [probe.prompt for probe in made] == [
        "keyboard in DE at ours",
        "keyboard in FR at ours",
        "mouse in DE at ours",
        "mouse in FR at ours",
    ]
    assert {probe.of for probe in made} == {"refund"}
    assert made[0].labels == {"item": "keyboard", "country": "DE"}
    assert made[0].id == f"refund/{identity({'country': 'DE', 'item': 'keyboard'})}"


def test_a_case_lays_its_variables_labels_checks_and_samples_over_its_probe(tmp_path: Path) -> None:
    window, other = suite(
        tmp_path,
        {
            "id": "faq",
            "prompt": "{{ question }} ({{ tone }})",
            "vars": {"tone": "short"},
            "labels": {"team": "shop", "locale": "en"},
            "checks": ["no_refusal"],
            "cases": [
                {
                    "id": "window",
                    "vars": {"question": "How long?", "tone": "long"},
                    "labels": {"locale": "de"},
                    "checks": [{"contains": "30 days"}],
                    "samples": 2,
                },
                {"vars": {"question": "Where?"}},
            ],
        },
    ).probes
    assert (window.id, window.prompt, window.samples) == ("faq/window", "How long? (long)", 2)
    assert window.labels == {"team": "shop", "locale": "de"}
    assert [check.check for check in window.checks] == ["no_refusal", "contains"]
    assert (other.prompt, other.samples, other.labels["locale"]) == ("Where? (short)", None, "en")
    assert [check.check for check in other.checks] == ["no_refusal"]


def test_a_matrix_and_cases_together_give_their_product(tmp_path: Path) -> None:
    cases = [{"id": "a", "vars": {"question": "A"}}, {"vars": {"question": "B"}}]
    probe = {"id": "faq", "prompt": "{{ question }} {{ country }}", "matrix": {"country": ["DE", "FR"]}, "cases": cases}
    made = suite(tmp_path, probe).probes
    assert [probe.prompt for probe in made] == ["A DE", "A FR", "B DE", "B FR"]
    assert made[0].id == f"faq/a-{identity({'country': 'DE'})}"
    assert made[2].id == f"faq/{identity({'country': 'DE', 'question': 'B'})}"


def test_texts_anywhere_in_the_argument_of_a_check_may_use_the_variables_of_the_case(tmp_path: Path) -> None:
    total = {"path": "$.a", "equals": "{{ n | int }}"}
    checks = [{"contains": {"all": ["{{ first }}", "fixed"]}}, {"json_path": total}]
    cases = [{"id": "one", "vars": {"first": "x", "n": "42"}}, {"id": "two", "vars": {"first": "y", "n": "none"}}]
    one, two = suite(tmp_path, {"id": "faq", "prompt": "Hello?", "checks": checks, "cases": cases}).probes
    assert one.checks[0].argument == {"all": ["x", "fixed"]}
    assert one.checks[1].argument["equals"] == 42
    assert two.checks[1].argument["equals"] == "none"  # never 0, as Jinja's own filter would have it


def test_double_braces_in_checks_stay_as_they_are_where_a_probe_has_no_variables(tmp_path: Path) -> None:
    (probe,) = suite(tmp_path, {"id": "plain", "prompt": "Hello?", "checks": [{"not_contains": "{{ name }}"}]}).probes
    assert probe.checks[0].argument == "{{ name }}"


def test_variables_may_come_from_a_json_file(tmp_path: Path) -> None:
    (tmp_path / "vars.json").write_text('\ufeff{"shop": "ours"}\n', encoding="utf-8")
    (probe,) = suite(tmp_path, {"id": "one", "prompt": "At {{ shop }}?", "vars": {"file": "vars.json"}}).probes
    assert (probe.prompt, probe.vars, probe.of) == ("At ours?", {"shop": "ours"}, None)


# ------------------------------------------------------------------------------------------------ files
def test_a_csv_file_gives_texts_as_written_with_any_line_ends_and_a_byte_order_mark(tmp_path: Path) -> None:
    text = b'\xef\xbb\xbfcase,question,locale,tier\r\na,"two\r\nlines, ""quoted""",de,\r\n\r\nb,007,fr,gold\r\n'
    one, two = from_file(tmp_path, "q.csv", text, id="case", labels=["locale", "tier"])
    assert (one.id, one.prompt, dict(one.labels)) == ("faq/a", 'two\r\nlines, "quoted"', {"locale": "de"})
    assert (two.prompt, dict(two.labels)) == ("007", {"locale": "fr", "tier": "gold"})


@pytest.mark.parametrize("ending", ["json", "jsonl"])
def test_json_files_keep_the_types_of_values(tmp_path: Path, ending: str) -> None:
    rows = [{"case": 7, "question": ["a", "b"]}, {"case": "x", "question": ["c"]}]
    text = json.dumps(rows, indent=1) if ending == "json" else "\n\n".join(map(json.dumps, rows))
    one, two = from_file(tmp_path, f"q.{ending}", text, id="case")
    assert (one.id, one.vars, two.id) == ("faq/7", {"question": ["a", "b"]}, "faq/x")


def test_a_file_that_holds_a_key_of_the_suite_is_never_sent(tmp_path: Path) -> None:
    (tmp_path / "key.json").write_text('[{"question": "secret"}]', encoding="utf-8")
    endpoint = {"base_url": "http://127.0.0.1:9/v1", "api_key": {"file": "key.json"}}
    probe = {"id": "faq", "prompt": "{{ question }}", "cases": {"file": "key.json"}}
    path = tmp_path / "suite.yaml"
    path.write_text(json.dumps({**HEAD, "endpoints": {"production": endpoint}, "probes": [probe]}), encoding="utf-8")
    with pytest.raises(SuiteError, match="it holds a secret or a private key"):
        read_suite(path, {})


def test_a_file_over_the_cap_and_too_many_rows_are_refused(tmp_path: Path) -> None:
    (tmp_path / "huge.csv").write_bytes(b"question\n" + b"x" * 2**23)
    probe = {"id": "faq", "prompt": "{{ question }}", "cases": {"file": "huge.csv"}}
    assert "it is larger than 8 MiB" in refused(tmp_path, probe)[0]
    (tmp_path / "huge.csv").write_text("question\n" + "\n".join(map(str, range(MOST_CASES + 1))), encoding="utf-8")
    assert "the suite has more than 10,000" in refused(tmp_path, probe)[0]


def test_a_file_wrong_in_every_row_is_told_ten_times_and_then_counted(tmp_path: Path) -> None:
    (tmp_path / "q.csv").write_text("a,b\n" + "1\n" * 500, encoding="utf-8")
    told = refused(tmp_path, {"id": "faq", "prompt": "{{ a }}", "cases": {"file": "q.csv"}})
    assert len(told) == 11
    assert f"{tmp_path / 'q.csv'}:2:1: this row has 1 cell, the header has 2" in told[0] + told[1]
    assert any("490 more faults like these" in one for one in told)


def test_what_many_cases_have_in_common_is_told_once_at_its_place(tmp_path: Path) -> None:
    (tmp_path / "q.csv").write_text("a\n" + "\n".join(map(str, range(300))), encoding="utf-8")
    told = refused(tmp_path, {"id": "faq", "prompt": "{{ b }}", "cases": {"file": "q.csv"}})
    assert len(told) == 1
    assert told[0].endswith("'b' is undefined (vars has a)")


def test_two_cases_with_one_identity_are_told_with_both_places(tmp_path: Path) -> None:
    (tmp_path / "q.csv").write_text("a\nsame\nother\nsame\n", encoding="utf-8")
    told = refused(tmp_path, {"id": "faq", "prompt": "{{ a }}", "cases": {"file": "q.csv"}})
    assert len(told) == 1
    assert told[0].startswith(f"{tmp_path / 'q.csv'}:4:1: two cases are 'faq/")
    assert f"the first is in {tmp_path / 'q.csv'}:2 (they ask the same: remove one)" in told[0]


# ------------------------------------------------------------------------------------------------ identities
def some_rows(seed: int) -> list[dict[str, str]]:
    chance = random.Random(seed)
    letters = 'abc ,"\r\n;\u00e4\u4e2d{}'
    texts = ["".join(chance.choice(letters) for _ in range(chance.randint(1, 9))) for _ in range(24)]
    return [{"question": f"{number}{text}", "hint": text} for number, text in enumerate(texts)]


def as_csv(rows: list[dict[str, str]], columns: list[str], ends: str = "\r\n") -> str:
    out = io.StringIO(newline="")
    # Python's writer leaves a bare \\r unquoted where lines end in \\n
    quoting = csv.QUOTE_MINIMAL if ends == "\r\n" else csv.QUOTE_ALL
    writer = csv.DictWriter(out, columns, lineterminator=ends, quoting=quoting)
    writer.writeheader()
    writer.writerows(rows)
    return out.getvalue()


@pytest.mark.parametrize("seed", range(20))
def test_neither_names_of_files_nor_their_format_nor_orders_of_rows_and_columns_change_an_identity(
    tmp_path: Path, seed: int
) -> None:
    rows = some_rows(seed)
    shuffled = random.Random(seed + 1).sample(rows, len(rows))
    inline = {"id": "faq", "prompt": "{{ question }}", "cases": [{"vars": row} for row in shuffled]}
    written = [
        from_file(tmp_path, "a.csv", as_csv(rows, ["question", "hint"])),
        from_file(tmp_path, "renamed.csv", as_csv(shuffled, ["hint", "question"], "\n")),
        from_file(tmp_path, "b.json", json.dumps([dict(reversed(row.items())) for row in shuffled])),
        from_file(tmp_path, "c.jsonl", "\r\n".join(map(json.dumps, rows))),
        suite(tmp_path, inline).probes,
    ]
    identities = [{probe.id: probe.prompt for probe in probes} for probes in written]
    assert all(found == identities[0] for found in identities)
    assert len(identities[0]) == len(rows)


def test_another_value_is_another_identity_and_a_named_case_keeps_its_own(tmp_path: Path) -> None:
    assert case_id("faq", None, {}, {"a": 1}) != case_id("faq", None, {}, {"a": "1"})
    assert case_id("faq", "window", {}, {"a": 1}) == case_id("faq", "window", {}, {"a": 2}) == "faq/window"


@pytest.mark.parametrize("seed", range(20))
def test_a_csv_file_gives_back_what_was_written_and_every_row_its_line(seed: int) -> None:
    rows = some_rows(seed)
    text = as_csv(rows, ["question", "hint"])
    refusing = Refusing(path=(), file="q.csv")
    table = csv_rows(text, refusing)
    assert refusing.told() == []
    assert [dict(row.values) for row in table.rows] == rows
    lines = io.StringIO(text, newline="").readlines()
    numbers = [lines[row.spot.line - 1].lstrip('"') for row in table.rows]  # each question begins with its number
    assert all(line.startswith(str(number)) for number, line in enumerate(numbers))


@pytest.mark.parametrize("seed", range(60))
def test_a_damaged_file_is_read_or_refused_with_a_line_of_its_own(seed: int) -> None:
    chance = random.Random(seed)
    rows = some_rows(seed)
    readers = [(csv_rows, as_csv(rows, ["question", "hint"])), (json_rows, json.dumps(rows, indent=1))]
    readers.append((json_line_rows, "\n".join(map(json.dumps, rows))))
    for reader, text in readers:
        damaged = list(text)
        for _ in range(3):
            damaged[chance.randrange(len(damaged))] = chance.choice('"{}[],\n\\x')
        whole = "".join(damaged)[: chance.randrange(1, len(damaged))]
        refusing = Refusing(path=(), file="q")
        table = reader(whole, refusing)
        lines = len(whole.splitlines()) + 1
        assert table.rows or table.columns or refusing.faults
        assert all(fault.spot is None or 1 <= fault.spot.line <= lines for fault in refusing.told())


# ------------------------------------------------------------------------------------------------ choosing, the past
def test_a_family_chooses_all_its_cases_and_a_case_itself(tmp_path: Path) -> None:
    cases = [{"id": "a", "vars": {"q": "A"}}, {"id": "b", "vars": {"q": "B"}}]
    made = suite(tmp_path, {"id": "faq", "prompt": "{{ q }}", "cases": cases}, {"id": "other", "prompt": "Hello?"})
    assert [probe.id for probe, _ in select(made, probes=("faq",))] == ["faq/a", "faq/b"]
    assert [probe.id for probe, _ in select(made, probes=("faq/b",))] == ["faq/b"]
    with pytest.raises(UsageError, match="it has faq, other"):
        select(made, probes=("zzz",))


def test_a_suite_is_read_for_its_past_runs_without_its_data_files(tmp_path: Path) -> None:
    probes = [
        {"id": "faq", "prompt": "{{ q }}", "cases": {"file": "gone.csv"}, "checks": [{"regex": "{{ pattern }}"}]},
        {"id": "one", "prompt": "{{ shop }}", "vars": {"file": "gone.json"}},
    ]
    checks = [{"contains": "x", "when": {"labels": {"locale": "de"}}}]
    path = tmp_path / "suite.yaml"
    path.write_text(json.dumps({**HEAD, "defaults": {"checks": checks}, "probes": probes}), encoding="utf-8")
    assert [probe.id for probe in prepare(path, AnyEnvironment(), None).suite.probes] == ["faq", "one"]
    with pytest.raises(SuiteError, match="there is no such file"):
        prepare(path, {}, None)


def test_a_suite_made_by_a_program_cannot_hold_cases_that_nobody_spread_out() -> None:
    with pytest.raises(ValueError, match="not spread out"):
        Probe.model_validate({"id": "faq", "prompt": "x", "cases": [{"vars": {"a": 1}}]})
