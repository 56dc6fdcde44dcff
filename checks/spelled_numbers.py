"""Numbers in English words, as the sources of ``grounded`` may hold them: "thirty-one days", "five percent".

Feeds ``facts``. Read are whole numbers up to 99, with hundreds, and one factor (thousand, million, billion) behind
them; "two thousand five hundred" is read as two numbers.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

_BELOW_TWENTY = (
    *("zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven", "twelve"),
    *("thirteen", "fourteen", "fifteen", "sixteen", "seventeen", "eighteen", "nineteen"),
)
_ALONE = {word: number for number, word in enumerate(_BELOW_TWENTY)}
_ONES = {word: number for word, number in _ALONE.items() if 1 <= number <= 9}
_TEN_TIMES = ("twenty", "thirty", "forty", "fifty", "sixty", "seventy", "eighty", "ninety")
_TENS = {word: 10 * number for number, word in enumerate(_TEN_TIMES, 2)}
_FACTORS = {"thousand": 1_000, "million": 1_000_000, "billion": 1_000_000_000}


def spelled_in(words: Sequence[str]) -> Iterator[str]:
    """The numbers among folded words, in digits, with a ``%`` behind where percent follows."""
    at = 0
    while at < len(words):
        value, end = _hundreds(words, at)
        if value is None:
            at += 1
            continue
        if _word(words, end) in _FACTORS:
            value, end = value * _FACTORS[words[end]], end + 1
        share = _word(words, end) == "percent" or tuple(words[end : end + 2]) == ("per", "cent")
        yield f"{value}%" if share else str(value)
        at = end


def _hundreds(words: Sequence[str], at: int) -> tuple[int | None, int]:
    value, end = _below_hundred(words, at)
    if value is None and words[at] == "hundred" and not (at and words[at - 1].isdecimal()):
        value, end = 1, at  # "a hundred"
    if value is None or _word(words, end) != "hundred":
        return value, end
    after = end + 2 if _word(words, end + 1) == "and" else end + 1
    rest, behind = _below_hundred(words, after)
    return (value * 100, end + 1) if rest is None else (value * 100 + rest, behind)


def _below_hundred(words: Sequence[str], at: int) -> tuple[int | None, int]:
    word = _word(words, at)
    if word in _ALONE:
        return _ALONE[word], at + 1
    if word not in _TENS:
        return None, at
    one = _ONES.get(_word(words, at + 1))
    return (_TENS[word], at + 1) if one is None else (_TENS[word] + one, at + 2)


def _word(words: Sequence[str], at: int) -> str:
    return words[at] if at < len(words) else ""
