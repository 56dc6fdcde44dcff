"""The splitter of server-sent events: the same events however the network cuts the bytes."""

from __future__ import annotations

from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from probes.protocols.sse import SseEvent, SseSplitter

LINE_ENDS = (b"\n", b"\r\n", b"\r")
texts = st.text(alphabet=st.characters(exclude_characters="\r\n", exclude_categories=["Cs"]), min_size=1, max_size=20)


def split(*pieces: bytes) -> list[SseEvent]:
    splitter = SseSplitter()
    return [event for piece in pieces for event in splitter.feed(piece)]


def data_of(*pieces: bytes) -> list[bytes]:
    return [event.data for event in split(*pieces)]


def test_events_end_at_a_blank_line_whatever_ends_the_lines() -> None:
    for end in LINE_ENDS:
        assert data_of(b"data: one" + end + end + b"data: two" + end + end) == [b"one", b"two"]


def test_several_data_lines_become_one_event_joined_by_line_feeds() -> None:
    assert data_of(b"data: a\ndata:b\ndata\n\n") == [b"a\nb\n"]


def test_only_one_blank_after_the_colon_is_taken_away() -> None:
    assert data_of(b"data:  x\n\n") == [b" x"]


def test_comments_ids_and_unknown_fields_are_no_events() -> None:
    assert split(b": OPENROUTER PROCESSING\n\n:\nid: 4\nretry: 10\nweather: fine\n\n") == []


def test_the_event_name_belongs_to_its_own_event_only() -> None:
    assert split(b"event: error\ndata: 1\n\ndata: 2\n\n") == [
        SseEvent(name="error", data=b"1"),
        SseEvent(name="", data=b"2"),
    ]


def test_a_name_without_data_is_no_event_and_is_forgotten() -> None:
    assert split(b"event: ping\n\ndata: 1\n\n") == [SseEvent(name="", data=b"1")]


def test_an_event_without_its_blank_line_never_comes_out() -> None:
    assert data_of(b"data: whole\n\ndata: cut\n") == [b"whole"]


def test_a_byte_order_mark_is_skipped_at_the_very_start_only() -> None:
    mark = b"\xef\xbb\xbf"
    assert data_of(mark + b"data: 1\n\n" + mark + b"data: 2\n\n") == [b"1"]


def test_an_event_comes_out_at_the_cr_without_waiting_for_its_lf() -> None:
    splitter = SseSplitter()
    assert [event.data for event in splitter.feed(b"data: 1\r\n\r")] == [b"1"]
    assert splitter.feed(b"\n") == []
    assert [event.data for event in splitter.feed(b"data: 2\r\n\r\n")] == [b"2"]


def test_an_empty_piece_between_cr_and_lf_changes_nothing() -> None:
    assert data_of(b"data: a\r", b"", b"\ndata: b\r\n\r\n") == [b"a\nb"]


def test_a_line_dripped_byte_by_byte_is_joined_in_linear_time() -> None:
    splitter = SseSplitter()
    for _ in range(200_000):
        assert not splitter.feed(b"x")
    assert splitter.feed(b"\n\n") == []


@given(
    st.lists(st.tuples(st.lists(texts, min_size=1, max_size=3), st.sampled_from(LINE_ENDS)), min_size=1, max_size=5),
    st.lists(st.integers(min_value=0, max_value=400), max_size=12),
)
def test_any_cutting_of_the_bytes_gives_the_same_events(events: list[tuple[list[str], bytes]], cuts: list[int]) -> None:
    raw = b"".join(b"".join(b"data: " + line.encode() + end for line in lines) + end for lines, end in events)
    places = sorted({0, len(raw), *(min(cut, len(raw)) for cut in cuts)})
    pieces = [raw[start:stop] for start, stop in pairwise(places)]
    assert data_of(*pieces) == ["\n".join(lines).encode() for lines, _ in events]


@given(st.binary(max_size=200), st.integers(min_value=0, max_value=200))
def test_arbitrary_bytes_split_alike_in_one_piece_and_in_two(raw: bytes, cut: int) -> None:
    assert split(raw) == split(raw[:cut], raw[cut:])
