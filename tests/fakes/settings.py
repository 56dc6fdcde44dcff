"""Settings read from a file of a test."""

from __future__ import annotations

from pathlib import Path

from runner.settings.settings import LoadedSettings, load_settings

SECRET = "xoxb-planted-4711"


ENVIRON = {"TOKEN": SECRET, "EMPTY": ""}


def loaded(tmp_path: Path, text: str) -> LoadedSettings:
    path = tmp_path / "holdfast.yaml"
    path.write_text(text, encoding="utf-8")
    return load_settings(path, ENVIRON, tmp_path)
