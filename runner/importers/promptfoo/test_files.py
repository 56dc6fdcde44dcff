"""Where promptfoo's tests come from: inline, CSV, JSON, JSON lines, YAML, and patterns of files. Feeds ``cases``."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from runner.importers.located import Located
from runner.importers.promptfoo.shorthand import test_of
from runner.importers.promptfoo.sources import FILE, Sources
from runner.importers.promptfoo.trouble import LOCAL_CODE, CannotCarry

MOST_TESTS = 10_000
_ELSEWHERE = ("http://", "https://", "huggingface://", "az://")


def tests_of(written: Located | None, sources: Sources) -> list[Located]:
    """All tests as mappings, in their order; what cannot be read is on the list."""
    found: list[Located] = []
    for entry in [] if written is None else written.entries():
        try:
            found.extend(_tests(entry, sources))
        except CannotCarry as trouble:
            entry.lost(f"not carried: {trouble}")
        if len(found) > MOST_TESTS:
            raise CannotCarry(f"there are more than {MOST_TESTS} tests; import them in parts")
    return found


def _tests(entry: Located, sources: Sources) -> Iterator[Located]:
    path = entry.at("path")
    if path is not None:
        raise CannotCarry(f"its tests are made by code or elsewhere: {LOCAL_CODE}")
    if entry.is_map:
        yield entry
    elif isinstance(entry.value, str):
        yield from _from_files(entry, sources)
    else:
        raise CannotCarry("a test is a mapping, or a file of tests")


def _from_files(entry: Located, sources: Sources) -> Iterator[Located]:
    if entry.value.startswith(_ELSEWHERE):
        raise CannotCarry("its tests stand elsewhere; save them in a file beside the configuration")
    found = [test for path in sources.named(entry.value) for test in _of_file(path, sources)]
    entry.taken()
    yield from found


def _of_file(path: Path, sources: Sources) -> Iterator[Located]:
    if path.suffix == ".csv":
        yield from map(test_of, sources.rows(path))
    elif path.suffix == ".jsonl":
        yield from sources.lines(path)
    elif path.suffix in (".json", ".yaml", ".yml"):
        for test in sources.document(path).entries():
            if isinstance(test.value, str) and test.value.startswith(FILE):
                yield from _from_files(test, sources)
            else:
                yield test
    else:
        raise CannotCarry(f"tests in a file {path.suffix or 'without a suffix'} are not read")
