"""HTML pages as a browser would read them. Feeds tests of pages."""

from __future__ import annotations

from html.parser import HTMLParser

from reports.formats.html import render_report
from reports.summary import Report
from tests.fakes.records import (
    NOW,
)

VOID = {"meta", "br", "hr", "img", "link", "input"}


class Page(HTMLParser):
    """Tags, attributes and text of a page, with a check that every tag is closed in order."""

    def __init__(self, source: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.texts: list[str] = []
        self.open: list[str] = []
        self.feed(source.replace("<wbr>", ""))  # where a word may break is no text
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))
        if tag not in VOID:
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        self.texts.append(data)

    @property
    def text(self) -> str:
        return " ".join(" ".join(self.texts).split())


def rendered(report: Report) -> str:
    return render_report(report, generated_at=NOW, version="0.1.0")
