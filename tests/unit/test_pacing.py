"""The pace of a channel comes from its settings, with defaults by its kind, and nonsense is refused where it stands."""

from __future__ import annotations

from pathlib import Path

import pytest

from probes.errors import SettingsError
from runner.delivery.pacing import Pace
from runner.settings.settings import LoadedSettings, load_settings


def loaded(folder: Path, text: str) -> LoadedSettings:
    path = folder / "holdfast.yaml"
    path.write_text(text, encoding="utf-8")
    return load_settings(path, {}, folder)


def test_every_key_of_a_pace_is_read_and_reaches_the_notifier_by_its_name(tmp_path: Path) -> None:
    keys = "group_wait: 10s, group_interval: 2m, digest_over: 1, per_minute: 6"
    settings = loaded(tmp_path, f"notifiers: {{hook: {{type: webhook, url: 'http://127.0.0.1:9/x', {keys}}}}}")
    assert settings.paces == {"hook": Pace(group_wait_s=10, group_interval_s=120, digest_over=1, per_minute=6)}
    assert set(settings.notifiers) == {"hook"}


def test_without_keys_the_kind_of_notifier_decides(tmp_path: Path) -> None:
    settings = loaded(
        tmp_path,
        "notifiers:\n"
        "  chat: {type: slack, webhook_url: 'http://127.0.0.1:9/x'}\n"
        "  hook: {type: webhook, url: 'http://127.0.0.1:9/x'}\n",
    )
    assert settings.paces == {"chat": Pace(per_minute=20), "hook": Pace(per_minute=60)}


@pytest.mark.parametrize(
    ("severity", "digests", "pace", "wait_s"),
    [
        ("page", True, Pace(), 5),
        ("ticket", True, Pace(), 30),
        ("page", False, Pace(), 0),
        ("ticket", True, Pace(group_wait_s=1), 1),
        ("page", False, Pace(group_wait_s=60), 60),
    ],
)
def test_the_wait_is_short_for_pages_and_none_for_machines_unless_the_settings_say_so(
    severity: str, digests: bool, pace: Pace, wait_s: float
) -> None:
    assert pace.wait_s(severity, digests=digests) == wait_s


@pytest.mark.parametrize(
    ("key", "words"),
    [
        ("group_wait: soon", "'soon' is not a duration"),
        ("group_wait: -5", "-5 is below 0"),
        ("group_interval: []", "[] is not a duration"),
        ("digest_over: 0", "0 is not a whole number of 1 or more"),
        ("per_minute: 2.5", "2.5 is not a whole number of 1 or more"),
        ("per_minute: true", "True is not a whole number of 1 or more"),
    ],
)
def test_what_is_no_pace_is_refused_with_its_place_and_its_value(tmp_path: Path, key: str, words: str) -> None:
    text = f"notifiers:\n  hook:\n    type: webhook\n    url: http://127.0.0.1:9/x\n    {key}\n"
    with pytest.raises(SettingsError) as caught:
        loaded(tmp_path, text)
    told = str(caught.value)
    assert f"holdfast.yaml:5:{7 + len(key.partition(':')[0])}" in told and words in told and "'hook'" in told


def test_a_misspelt_key_of_a_pace_is_recognised(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match="did you mean 'group_wait'"):
        loaded(tmp_path, "notifiers: {hook: {type: webhook, url: 'http://127.0.0.1:9/x', groop_wait: 5s}}")
