"""One refused file per refusal. The first lines of each say what must be told, and where.

``# expect: LINE:COLUMN fragment`` is one problem; ``# stage: checks`` means that the suite itself is well formed and
its checks are what is wrong; ``# stage: dialects`` that an endpoint's dialect cannot do what is asked of it;
``# stage: code`` that a function of local code cannot be called; ``# stage: schedule`` that a cron line cannot be kept.
"""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from checks.rules import bind_suite
from probes.errors import Problem, SuiteError
from probes.suite_file import load_suite
from runner.preparing.prepare import prepare

FOLDER = Path(__file__).parent.parent / "refused_suites"
FILES = sorted(FOLDER.glob("*.yaml"))
EXPECT = re.compile(r"^# expect: (\d+):(\d+) (.+)$", re.MULTILINE)
ENVIRON = {"REFUSED_KEY": "k-12345", "REFUSED_EMPTY": "", "REFUSED_TWO_LINES": "k-12345\n"}


def problems_in(path: Path) -> list[Problem]:
    text = path.read_text(encoding="utf-8")
    if re.search("^# stage: (dialects|code|schedule)$", text, re.MULTILINE):
        load_suite(text, path.name, ENVIRON, folder=FOLDER)  # well formed by itself
        with pytest.raises(SuiteError) as unable:
            prepare(path, ENVIRON, None)
        return list(unable.value.problems)
    if "# stage: checks" not in text:
        with pytest.raises(SuiteError) as refused:
            load_suite(text, path.name, ENVIRON, folder=FOLDER)
        return list(refused.value.problems)
    loaded = load_suite(text, path.name, ENVIRON, folder=FOLDER)
    return loaded.problems(bind_suite(loaded.suite)[1])


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_a_refused_suite_is_refused_for_its_reason_at_its_place_and_for_nothing_else(path: Path) -> None:
    expected = EXPECT.findall(path.read_text(encoding="utf-8"))
    found = problems_in(path)
    assert expected, "the file says nothing about what is expected"
    assert [(str(p.line), str(p.column)) for p in found] == [(line, column) for line, column, _ in expected], found
    for problem, (_, _, fragment) in zip(found, expected, strict=True):
        assert fragment in problem.message
        assert "k-12345" not in str(problem)


def test_each_refusal_names_its_file_and_line_as_editors_understand_it() -> None:
    first = str(problems_in(FOLDER / "unknown_key.yaml")[0])
    assert first == "unknown_key.yaml:9:5: unknown key 'promt' (did you mean 'prompt'?)"
