"""Whether a text is HTML and nothing else: known elements, closed as they must be. Feeds the ``html`` check.

Browsers accept any text as HTML; here a text counts only where it is made of elements. Names are those of the HTML
Living Standard (WHATWG, index of elements); beside them custom elements and whatever stands in svg or math.
"""

from __future__ import annotations

import re

from checks.code_part import Broken
from checks.html_tags import Tag, tags
from checks.quote import quoted, shortened

_KNOWN_WORDS = """
a abbr acronym address area article aside audio b base bdi bdo big blockquote body br button canvas caption center cite
code col colgroup data datalist dd del details dfn dialog div dl dt em embed fieldset figcaption figure font footer form
h1 h2 h3 h4 h5 h6 head header hgroup hr html i iframe img input ins kbd label legend li link main map mark math menu
meta meter nav noscript object ol optgroup option output p picture pre progress q rp rt ruby s samp script search
section select slot small source span strike strong style sub summary sup svg table tbody td template textarea tfoot th
thead time title tr track tt u ul var video wbr
"""
_VOID_WORDS = "area base br col embed hr img input link meta source track wbr"
_OPEN_WORDS = "body caption colgroup dd dt head html li optgroup option p rp rt tbody td tfoot th thead tr"
_KNOWN = frozenset(_KNOWN_WORDS.split())
_VOID = frozenset(_VOID_WORDS.split())
"""Elements that are never closed."""
_MAY_STAY_OPEN = frozenset(_OPEN_WORDS.split())
"""Elements whose end tag may be left out."""
_FOREIGN = frozenset(("svg", "math"))
_NO_TEXT = re.compile(r"(?:\s++|<!--(?:(?!-->).)*+-->|<[!?][^>]*+>)*+", re.DOTALL)


def read_html(text: str) -> set[str]:
    """The names of the elements of a text that is HTML and nothing else.

    Raises:
        Broken: text stands outside all elements, a name is not HTML's, or elements are not closed as they must be.
    """
    reading = _Reading(text)
    for tag in tags(text, strict=True):
        reading.take(tag)
    return reading.finish()


def elements_in(text: str) -> set[str]:
    """The names of the HTML elements that begin anywhere in a text, prose included."""
    return {tag.name for tag in tags(text, strict=False) if tag.starts and tag.name in _KNOWN}


class _Reading:
    """The elements that are open while the tags of a text go by, and all that were seen."""

    def __init__(self, text: str) -> None:
        self._text = text
        self._open: list[Tag] = []
        self._foreign = 0
        self._seen: set[str] = set()
        self._outside_from = 0

    def take(self, tag: Tag) -> None:
        if not self._open:
            self._refuse_text_until(tag.span[0])
        if tag.starts:
            self._begin(tag)
        else:
            self._end(tag)
        self._outside_from = tag.span[1]

    def finish(self) -> set[str]:
        unclosed = next((tag for tag in self._open if tag.name not in _MAY_STAY_OPEN), None)
        if unclosed is not None:
            raise self._wrong(f"<{shortened(unclosed.name, 40)}> that is never closed", unclosed)
        if not self._open:
            self._refuse_text_until(len(self._text))
        if not self._seen:
            raise Broken(f"expected HTML, got no element: {quoted(self._text)}")
        return self._seen

    def _begin(self, tag: Tag) -> None:
        if not self._foreign and tag.name not in _KNOWN and "-" not in tag.name:
            raise self._wrong(f"<{shortened(tag.name, 40)}>, which is no element of HTML", tag)
        self._seen.add(tag.name)
        if tag.name in _VOID or (tag.closed and self._foreign + (tag.name in _FOREIGN)):
            return  # outside svg and math, browsers ignore the slash of <div/>
        self._open.append(tag)
        self._foreign += tag.name in _FOREIGN

    def _end(self, tag: Tag) -> None:
        while self._open:
            last = self._open.pop()
            self._foreign -= last.name in _FOREIGN
            if last.name == tag.name:
                return
            if last.name not in _MAY_STAY_OPEN:
                raise self._wrong(f"</{shortened(tag.name, 40)}> where <{shortened(last.name, 40)}> is open", tag)
        raise self._wrong(f"</{shortened(tag.name, 40)}> that closes nothing", tag)

    def _refuse_text_until(self, end: int) -> None:
        blank = _NO_TEXT.match(self._text, self._outside_from, end)
        at = blank.end() if blank else self._outside_from
        if at < end:
            raise Broken(f"expected HTML and nothing else, got text outside it: {quoted(self._text[at:end])}", at)

    def _wrong(self, what: str, tag: Tag) -> Broken:
        start = tag.span[0]
        return Broken(f"expected HTML, got {what}, at {quoted(self._text[start : start + 60])}", start)
