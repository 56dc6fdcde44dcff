"""How a command tells an error: on stderr, one line each, and nothing in it steers the terminal."""

from __future__ import annotations

import pytest

from runner.cli import main


def test_an_error_that_quotes_a_hostile_file_name_cannot_steer_the_terminal(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        main(["validate", "no-such-\x1b]0;owned\x07-\u202esuite.yaml"])
    told = capsys.readouterr().err
    assert ended.value.code == 2 and told.startswith("holdfast: ")
    assert "owned" in told and not {"\x1b", "\x07", "\u202e"} & set(told)
