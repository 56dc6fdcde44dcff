"""The check ``xml``: the answer is well-formed XML, with the elements it must have."""

from __future__ import annotations

import re
from typing import Any, ClassVar

from pydantic import TypeAdapter, field_validator

from checks.argument import Texts
from checks.check import PASSED, CheckContext, unmeasured
from checks.code_part import Broken, Placed, code_part
from checks.finding import Outcome
from checks.xml_syntax import ATTEMPTS, EMBEDDED_CHARS, XmlReader
from probes.fault import Fault
from probes.sample import Sample

_PATH = re.compile(r"[^\s/<>&]++(?:/[^\s/<>&]++)*+")


class XmlDocument(Placed):
    """Elements that must be there, by their path from the root, and where the document may stand."""

    main: ClassVar[str] = "required"
    optional: ClassVar[bool] = True
    examples: ClassVar[tuple[Any, ...]] = (
        {"required": ["invoice/total", "invoice/due"]},
        "invoice/total",
        {"anywhere": True},
        None,
    )

    required: Texts | None = None

    @field_validator("required")
    @classmethod
    def _paths(cls, required: tuple[str, ...] | None) -> tuple[str, ...] | None:
        for path in required or ():
            if not _PATH.fullmatch(path):
                raise ValueError(f"{path!r} is not a path of elements; write it from the root, like invoice/total")
        return required


class Xml:
    """The document is well-formed and declares nothing of its own; every required element occurs."""

    name: ClassVar[str] = "xml"
    argument: ClassVar[TypeAdapter[Any]] = TypeAdapter(XmlDocument)
    policy: ClassVar[bool] = False
    fault: ClassVar[Fault] = Fault.MALFORMED

    def __init__(self, argument: XmlDocument) -> None:
        self._placed = argument
        self._reader = XmlReader(argument.required or ())

    def examine(self, sample: Sample, context: CheckContext) -> Outcome:
        part = code_part(sample.answer or "", self._placed.model_copy(update={"anywhere": False}), "xml")
        try:
            if not self._placed.anywhere:
                self._reader.read(part.text)
            elif not self._reader.read_among_prose(sample.answer or ""):
                return unmeasured(
                    f"no such XML element at the first {ATTEMPTS} places that look like one, "
                    f"within {EMBEDDED_CHARS} characters; the rest was not searched"
                )
        except Broken as error:
            return part.told(error)
        return PASSED
