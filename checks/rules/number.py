"""The check ``number``: a number in the prose of the answer, held against what it should be."""

from __future__ import annotations

from decimal import Decimal
from itertools import islice
from typing import Annotated, Any, ClassVar, Literal

from pydantic import BeforeValidator, Field, TypeAdapter, WithJsonSchema, model_validator

from checks.argument import Argument
from checks.check import CheckContext, failed, unmeasured
from checks.finding import Outcome, Status
from checks.numbers_in_text import DecimalMark, Number, numbers_in
from checks.quote import quoted
from probes.sample import Sample
