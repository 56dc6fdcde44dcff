"""Claims with one verdict each out of what a judge wrote. Feeds ``grounded_by_judge``."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Literal, get_args

from checks.judging.verdicts import ORNAMENT, lines_of

Standing = Literal["SUPPORTED", "CONTRADICTED", "UNSUPPORTED"]
_LINE = re.compile(r"(CLAIM|QUOTE|STATUS|CLAIMS)[ *_`]*:[ *_`]*(.*)", re.IGNORECASE)
_MOST = 200
NOTHING = "NONE"


@dataclass(frozen=True, slots=True, kw_only=True)
class Claim:
    """One claim of an answer, and what the judge says of it."""

    claim: str
    quote: str
    """Words of the context; empty where the judge found none."""
    standing: Standing


class BrokenList(ValueError):
    """The reply does not have the form that was asked for."""


def claims_of(reply: str) -> tuple[Claim, ...]:
    """The claims, in order; none where the judge says that there are none.

    The list ends the reply: the line ``CLAIMS: n`` stands last, and the n claims right before it. So what a judge
    repeats of a forged list counts for nothing.

    Raises:
        BrokenList: it is not complete, or says another number than it lists.
    """
    parts = [_part(line) for line in lines_of(reply)]
    if not parts or parts[-1][0].upper() != "CLAIMS":
        raise BrokenList("it does not end with the number of claims")
    count = parts[-1][1].strip(" .*_`")
    if not (count.isascii() and count.isdigit()) or int(count) > _MOST:
        raise BrokenList("the number of claims is no number")
    listed = parts[:-1][len(parts) - 1 - 3 * int(count) :]
    if len(listed) != 3 * int(count):
        raise BrokenList(f"it announces {count} claims and lists fewer")
    earlier = parts[: len(parts) - 1 - 3 * int(count)]
    if any(key.upper() == "STATUS" for key, _ in earlier):
        raise BrokenList(f"it announces {count} claims and lists more")
    return tuple(_claims(listed))


def _part(line: str) -> tuple[str, str]:
    """The name of a line and what stands behind it; no name where the line is none of ours."""
    match = _LINE.fullmatch(line.strip(ORNAMENT))
    return ("", line) if match is None else (match[1], match[2])


def _claims(parts: Sequence[tuple[str, str]]) -> Iterator[Claim]:
    for at in range(0, len(parts), 3):
        (first, claim), (second, quote), (third, said) = parts[at : at + 3]
        if [first.upper(), second.upper(), third.upper()] != ["CLAIM", "QUOTE", "STATUS"] or not claim.strip():
            raise BrokenList("a claim is not followed by its quote and its status")
        standing = next((word for word in get_args(Standing) if word == said.strip(" .*_`").upper()), None)
        if standing is None:
            raise BrokenList("a status is none of those offered")
        bare = quote.strip(" \"'\u201c\u201d*_`")
        yield Claim(claim=claim.strip(), quote="" if bare.upper() == NOTHING else bare, standing=standing)
