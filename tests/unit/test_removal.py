"""What is taken out of texts before they are kept: kinds, patterns, JSON fields; and what is left where it was."""

from __future__ import annotations

import re
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from checks.removal import LONGEST_MATCH, Cut, Removal, moved, removal_pattern, without
from tests.fakes.leaking import SHAPED

ALL = Removal(patterns={"ticket": removal_pattern("T-[0-9]+")}, fields=("customer_name",))


def removed(text: str, removal: Removal = ALL) -> str:
    return without(text, removal.cuts(text))


@pytest.mark.parametrize(
    ("text", "left"),
    [
        ("write to anna@kunde-firma.de now", "write to [email] now"),
        ("call +49 30 9018 2044", "call [phone]"),
        ("card 4111 1111 1111 1111, please", "card [card], please"),
        ("card 4111 1111 1111 1112, please", "card 4111 1111 1111 1112, please"),
        ("pay to DE89 3704 0044 0532 0130 00", "pay to [iban]"),
        ("from 84.200.69.80 to 192.168.0.1", "from [ip] to 192.168.0.1"),
        ("SSN 536-22-8714", "SSN [ssn]"),
        ("Steuernummer 86 095 742 719", "Steuernummer [national_id]"),
        ("86 095 742 718 is no tax number", "86 095 742 718 is no tax number"),
        ("DNI 12345678Z or 12345678A", "DNI [national_id] or 12345678A"),
        ("NIR 2 55 08 14 168 025 38", "NIR [national_id]"),
        ("codice RSSMRA85T10A562S", "codice [national_id]"),
        ("NINO AB 12 34 56 C", "NINO [national_id]"),
        ("key sk-proj-9fK2mQx7Lr4TzW8pYb3Nq5", "key [secret]"),
        ("see T-4711 and T-", "see [ticket] and T-"),
        ("nothing here", "nothing here"),
    ],
)
def test_data_with_a_shape_is_replaced_by_its_name_and_the_rest_stays(text: str, left: str) -> None:
    assert removed(text) == left


@pytest.mark.parametrize(
    ("text", "left"),
    [
        ('{"customer_name": "Anna", "n": 1}', '{"customer_name": "[removed]", "n": 1}'),
        ('{"a": [{"customer_name": {"x": "}"}}], "n": 1}', '{"a": [{"customer_name": "[removed]"}], "n": 1}'),
        ('{"customer_name": 4711}', '{"customer_name": "[removed]"}'),
        ('so {"customer_name": "Anna \\"B\\" C"} it is', 'so {"customer_name": "[removed]"} it is'),
        ('cut off: {"customer_name": "Anna Bell', 'cut off: {"customer_name": "[removed]"'),
        (r'"{\"customer_name\": \"Anna\", \"n\": 1}"', r'"{\"customer_name\": \"[removed]\", \"n\": 1}"'),
    ],
)
def test_a_blocked_field_goes_wherever_its_json_stands(text: str, left: str) -> None:
    assert removed(text) == left


def test_a_path_takes_out_its_own_place_through_lists_and_no_other_of_that_name() -> None:
    by_path = Removal(kinds=(), fields=("customers.address",))
    text = '{"customers": [{"address": "here"}, {"address": "there"}], "address": "shop"}'
    assert removed(text, by_path) == (
        '{"customers": [{"address": "[removed]"}, {"address": "[removed]"}], "address": "shop"}'
    )
    assert removed('{"customers": [{"address": "he', by_path) == '{"customers": [{"address": "[removed]"'


def test_a_pattern_matches_anywhere_in_a_text_of_any_length() -> None:
    far = "x" * 50_000 + " T-4711 " + "y" * 1_990 + "T-" + "1" * (LONGEST_MATCH - 10)
    assert re.findall(r"\[ticket\]|T-\d", removed(far)) == ["[ticket]", "[ticket]"]


def test_removal_from_a_hostile_text_takes_time_in_proportion_to_its_length() -> None:
    hostile = "a@" * 20_000 + '{"customer_name": ' * 2_000 + "1" * 20_000 + "T-" * 5_000 + "\\" * 20_000
    began = time.perf_counter()
    removed(hostile)
    assert time.perf_counter() - began < 5


@given(st.text(max_size=40), st.lists(st.tuples(st.integers(0, 40), st.integers(1, 5)), max_size=4), st.data())
def test_a_place_that_no_cut_touches_moves_with_its_text(
    text: str, pieces: list[tuple[int, int]], data: st.DataObject
) -> None:
    cuts: list[Cut] = []
    for start, length in sorted(pieces):
        if start + length <= len(text) and (not cuts or start >= cuts[-1].end):
            cuts.append(Cut(start=start, end=start + length, instead="[x]"))
    start = data.draw(st.integers(0, len(text)))
    end = data.draw(st.integers(start, len(text)))
    span = moved((start, end), cuts)
    left = without(text, cuts)
    assert span is not None
    assert 0 <= span[0] <= span[1] <= len(left)
    if all(cut.end <= start or cut.start >= end for cut in cuts):
        assert left[span[0] : span[1]] == text[start:end]


def test_a_place_that_touches_a_cut_covers_what_stands_there_now() -> None:
    text = "mail anna@kunde-firma.de today"
    cuts = ALL.cuts(text)
    left = without(text, cuts)
    inside = moved((10, 15), cuts)
    assert inside is not None
    assert left[inside[0] : inside[1]] == "[email]"
    assert moved(None, cuts) is None


def test_what_is_removed_leaves_no_planted_piece() -> None:
    text = "; ".join(value for name, value in SHAPED.items() if name != "blocked field")
    assert [name for name, value in SHAPED.items() if value in removed(text)] == []


def test_another_choice_of_what_goes_has_another_fingerprint() -> None:
    assert ALL.fingerprint == Removal(patterns=ALL.patterns, fields=ALL.fields).fingerprint
    others = [Removal(), Removal(kinds=("email",)), Removal(fields=("x",)), ALL]
    assert len({one.fingerprint for one in others}) == len(others)
