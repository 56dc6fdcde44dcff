"""Lines of JSON, cut into events however the network cut them, and told from other replies by their type."""

from __future__ import annotations

import json
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from probes.framing import framing_of, splitter
from probes.protocols.json_lines import CONTENT_TYPES, JsonLinesSplitter

values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=4), inner, max_size=3),
    max_leaves=6,
)


def events(*chunks: bytes, ended: bool = False) -> list[bytes]:
    lines = JsonLinesSplitter()
    found = [event for chunk in chunks for event in lines.feed(chunk)]
    return [event.data for event in found + (lines.rest() if ended else [])]


@given(told=st.lists(values, max_size=5), data=st.data())
def test_lines_come_out_whole_however_the_bytes_were_cut(told: list[Any], data: st.DataObject) -> None:
    raw = "".join(json.dumps(value, ensure_ascii=False) + "\n" for value in told).encode()
    cuts = sorted({0, len(raw), *data.draw(st.lists(st.integers(0, len(raw)), max_size=6))})
    found = events(*(raw[start:end] for start, end in pairwise(cuts)))
    assert [json.loads(line) for line in found] == told


@given(st.lists(st.binary(max_size=30), max_size=4))
def test_no_bytes_make_the_splitter_raise_or_give_an_empty_event(chunks: list[bytes]) -> None:
    found = events(*chunks, ended=True)
    assert all(found)
    assert not any(b"\n" in line for line in found)


def test_blank_lines_carriage_returns_and_a_byte_order_mark_mean_nothing() -> None:
    assert events(b'\xef\xbb\xbf{"a": 1}\r\n\r\n  \n', b'{"b": 2}\n\n') == [b'{"a": 1}', b'{"b": 2}']


@pytest.mark.parametrize(
    ("raw", "found"),
    [(b'{"a": 1}', 1), (b"[1]", 1), (b'{"a": 1', 0), (b"12", 0), (b'"text"', 0), (b"", 0), (b"\xff{}", 0)],
)
def test_the_end_of_the_bytes_completes_a_last_line_only_where_no_cut_could_look_like_it(
    raw: bytes, found: int
) -> None:
    assert events(raw) == []
    assert len(events(raw, ended=True)) == found


@pytest.mark.parametrize("kind", sorted(CONTENT_TYPES))
def test_every_type_that_lines_of_json_go_by_is_known(kind: str) -> None:
    assert framing_of(f"{kind.upper()}; charset=utf-8", None) == "json-lines"


@pytest.mark.parametrize(
    ("kind", "asked", "framing"),
    [
        ("text/event-stream; charset=utf-8", "json-lines", "sse"),
        ("", "json-lines", "json-lines"),
        ("text/plain", "sse", "sse"),
        ("application/octet-stream", None, None),
        ("application/json", "sse", None),
        ("application/json", "json-lines", "json-lines"),
        ("application/json", None, None),
        ("text/html", "sse", None),
    ],
)
def test_a_reply_is_cut_by_its_type_and_as_it_was_asked_for_where_the_type_says_nothing(
    kind: str, asked: Any, framing: str | None
) -> None:
    assert framing_of(kind, asked) == framing


def test_each_framing_has_its_own_splitter_and_sse_keeps_back_what_is_incomplete() -> None:
    sse = splitter("sse")
    assert [event.data for event in sse.feed(b"data: 1\n\ndata: 2\n")] == [b"1"]
    assert sse.rest() == []
    assert [event.data for event in splitter("json-lines").feed(b"1\n")] == [b"1"]
