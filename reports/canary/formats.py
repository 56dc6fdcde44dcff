"""The formats a canary can be told in, one line each. Feeds ``holdfast canary``."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from reports.canary import json_format, junit, markdown, text
from reports.canary.record import CanaryRecord

FORMATS: Mapping[str, Callable[[CanaryRecord], str]] = {
    "text": text.render,
    "json": json_format.render,
    "junit": junit.render,
    "markdown": markdown.render,
}
