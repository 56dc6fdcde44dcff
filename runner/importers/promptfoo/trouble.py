"""Why something of a promptfoo configuration cannot be carried. Feeds the list that every import prints."""

from __future__ import annotations

UNKNOWN = "not carried: the importer does not know this key, or it decides nothing here"
LOCAL_CODE = (
    "local code is not carried; write it as `python: package.module:function` "
    "and allow its package with HOLDFAST_CHECK_PACKAGES"
)
SCORES = "decides no verdict by itself: Holdfast counts passes, not scores"
NO_SCORE = "its threshold is not carried: the judge gives a verdict here, and no score"


class CannotCarry(Exception):
    """Something has no equal in a Holdfast suite; the message says why in one line."""
