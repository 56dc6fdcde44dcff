"""``cases``, ``matrix`` and ``vars: {file: ...}`` of probes to plain probes, one a case. Feeds ``suite_file``.

Works on the plain values of ``probes``, before templates; whatever has the wrong type is left for the models. A case
is named by its own id or by its variables, never by its place, so that neither a renamed file nor reordered rows
begin a new history.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from probes.cases import Case, CaseFile
from probes.data_file import DataFiles
from probes.drawing import Drawn, from_row, is_name, no_name, plain_case
from probes.nearest import did_you_mean
from probes.positions import Fault, Positions, Spot, YamlPath
from probes.rows import MOST_TOLD, Refusing, Table
from probes.unfolded import PROBES, Site, Unfolded

MOST_CASES = 10_000
"""Of one suite, all its probes together."""
LABEL_CHARACTERS = 60
"""A value of a matrix that is longer is no label."""


class _Unusable(Exception):
    """The cases of a probe cannot be known. Its faults are told already."""


@dataclass(slots=True, kw_only=True)
class Unfolding:
    """One suite's probes while their cases are spread out."""

    files: DataFiles
    positions: Positions
    at_hand: bool = True
    """False where nothing will be sent: data files need not exist then, and are not read."""
    faults: list[Fault] = field(default_factory=list)
    cases: int = 0
    unread: bool = False

    def unfold(self, probes: Any) -> Unfolded:
        """Every probe, or every case of it, in the order of the file."""
        if not isinstance(probes, list):
            return Unfolded(probes=probes)
        made = [plain for index, probe in enumerate(probes) for plain in self._probe(probe, index)]
        return Unfolded(
            probes=[probe for probe, _ in made],
            sites=tuple(site for _, site in made),
            faults=(*self.faults, *self.files.faults),
            unread=self.unread,
        )

    def _probe(self, probe: Any, index: int) -> list[tuple[Any, Site]]:
        if not isinstance(probe, dict) or not (_has_file(probe.get("vars")) or {"cases", "matrix"} & set(probe)):
            return [(probe, Site(written=index))]
        try:
            return self._spread(probe, index)
        except _Unusable:
            rest = {key: value for key, value in probe.items() if key not in ("cases", "matrix", "checks", "vars")}
            return [(rest, Site(written=index, blank=True))]

    def _spread(self, probe: dict[str, Any], index: int) -> list[tuple[Any, Site]]:
        path: YamlPath = (PROBES, index)
        if not self.at_hand and (_has_file(probe.get("vars")) or isinstance(probe.get("cases"), dict)):
            self.unread = True
            raise _Unusable
        shared = self._shared(probe, (*path, "vars"))
        if not {"cases", "matrix"} & set(probe):
            return [({**probe, "vars": shared}, Site(written=index))]
        family = probe.get("id")
        if not is_name(family):
            raise _Unusable  # the models say so
        drawn = self._drawn(probe["cases"], (*path, "cases")) if "cases" in probe else [Drawn(values={})]
        matrix = self._matrix(probe["matrix"], (*path, "matrix")) if "matrix" in probe else {}
        self._refuse_both(matrix, drawn, path)
        self._count(len(drawn) * math.prod(len(values) for values in matrix.values()), path, probe)
        labelled = [key for key, values in matrix.items() if all(_short(value) for value in values)]
        made = [
            plain_case(probe, index, shared, one, dict(zip(matrix, chosen, strict=True)), labelled)
            for one in drawn
            for chosen in itertools.product(*matrix.values())
        ]
        self._refuse_twins(made)
        return made

    # -------------------------------------------------------------------------------------------- what is shared
    def _shared(self, probe: Mapping[str, Any], path: YamlPath) -> Any:
        written = probe.get("vars", {})
        if not _has_file(written):
            return written
        found = self.files.mapping(written["file"], (*path, "file"))
        if found is None:
            raise _Unusable
        return found

    def _matrix(self, written: Any, path: YamlPath) -> dict[str, list[Any]]:
        if not isinstance(written, dict) or not written:
            self._refuse(path, "matrix is no mapping of names to lists", "like matrix: {country: [DE, FR]}")
            raise _Unusable
        wrong = [key for key, values in written.items() if not isinstance(values, list) or not values]
        for key in wrong:
            self._refuse((*path, key), f"{key} needs a list with at least one value", f"like {key}: [DE, FR]")
        if wrong:
            raise _Unusable
        return written

    # -------------------------------------------------------------------------------------------- cases as written
    def _drawn(self, written: Any, path: YamlPath) -> list[Drawn]:
        if isinstance(written, dict):
            return self._from_file(written, path)
        if not isinstance(written, list) or not written:
            hint = "a list of cases like {vars: {question: ...}}, or {file: orders.csv}"
            self._refuse(path, "cases are empty" if written in ([], None) else "cases are neither list nor file", hint)
            raise _Unusable
        drawn = [self._from_suite(case, (*path, index), index) for index, case in enumerate(written)]
        return _all(drawn)

    def _from_suite(self, case: Any, path: YamlPath, index: int) -> Drawn | None:
        if not isinstance(case, dict):
            self._refuse(path, "a case is a mapping", "like {vars: {question: ...}}")
            return None
        unknown = [key for key in case if key not in Case.model_fields]
        for key in unknown:
            hint = did_you_mean(key, Case.model_fields, otherwise="known here:")
            self._refuse((*path, key), f"unknown key {key!r}", hint, at_key=True)
        values, labels, name = case.get("vars", {}), case.get("labels", {}), case.get("id")
        if "id" in case and not is_name(name):
            self._refuse((*path, "id"), *no_name(name))
            unknown.append("id")
        if wrong := [key for key in ("vars", "labels") if not isinstance(case.get(key, {}), dict)]:
            self._refuse((*path, wrong[0]), f"{wrong[0]} must be a mapping of keys and values")
        if "checks" in case and not isinstance(case["checks"], list):
            self._refuse((*path, "checks"), "checks must be a list", "each item begins with a dash")
            unknown.append("checks")
        if unknown or wrong:
            return None
        own = {key: case[key] for key in ("checks", "samples") if key in case}
        return Drawn(values=values, name=name, labels=labels, own=own, index=index)

    # -------------------------------------------------------------------------------------------- cases of a file
    def _from_file(self, written: Mapping[str, Any], path: YamlPath) -> list[Drawn]:
        for key in (unknown := [key for key in written if key not in CaseFile.model_fields]):
            hint = did_you_mean(key, CaseFile.model_fields, otherwise="known here:")
            self._refuse((*path, key), f"unknown key {key!r}", hint, at_key=True)
        file, name, labels = written.get("file"), written.get("id"), written.get("labels", [])
        if not isinstance(file, str):
            self._refuse((*path, "file"), "cases name no file", "like cases: {file: orders.csv}")
        right = isinstance(name, str | None) and isinstance(labels, list) and all(isinstance(n, str) for n in labels)
        if not right:
            self._refuse(path, "id names one column, labels a list of columns", "like {file: a.csv, labels: [locale]}")
        table = self.files.rows(file, (*path, "file")) if isinstance(file, str) else None
        if table is None or unknown or not right:
            raise _Unusable
        named = [((*path, "id"), name)] if name is not None else []
        self._refuse_missing(table, [*named, *(((*path, "labels", at), label) for at, label in enumerate(labels))])
        refusing = Refusing(path=path, file=table.rows[0].spot.file)
        drawn = [from_row(row, name, labels, refusing) for row in table.rows]
        self.faults += refusing.told()
        return _all(drawn)

    def _refuse_missing(self, table: Table, wanted: Iterable[tuple[YamlPath, str]]) -> None:
        """Every row must be able to have the columns that the suite names."""
        missing = [(path, name) for path, name in wanted if name not in table.columns]
        only = table.columns[0] if len(table.columns) == 1 else ""
        apart = "; cells are separated by commas" if ";" in only or "\t" in only else ""
        for path, name in missing:
            hint = did_you_mean(name, table.columns, otherwise="there are") + apart
            self._refuse(path, f"no column is called {name!r}", hint)
        if missing:
            raise _Unusable

    # -------------------------------------------------------------------------------------------- across cases
    def _refuse_both(self, matrix: Mapping[str, Any], drawn: list[Drawn], path: YamlPath) -> None:
        twice = next((key for one in drawn for key in one.values if key in matrix), None)
        if twice is not None:
            self._refuse((*path, "matrix", twice), f"{twice} stands in the matrix and in the cases", "rename one")
            raise _Unusable

    def _count(self, more: int, path: YamlPath, probe: Mapping[str, Any]) -> None:
        self.cases += more
        if self.cases > MOST_CASES:
            key = "matrix" if "matrix" in probe else "cases"
            message = f"with these {more:,} cases the suite has more than {MOST_CASES:,}"
            self._refuse((*path, key), message, "leave some out, or write two suites")
            raise _Unusable

    def _refuse_twins(self, made: list[tuple[Any, Site]]) -> None:
        first: dict[str, tuple[Any, Site]] = {}
        twins = [one for one in made if first.setdefault(str(one[1].id), one) is not one]
        for probe, site in twins[:MOST_TOLD]:
            earlier, before = first[str(site.id)]
            where = str(before.spot) if before.spot else f"line {self.positions.find(before.place)[0]}"
            same = earlier["vars"] == probe["vars"]
            hint = "they ask the same: remove one" if same else "give one of them another id"
            self._refuse(site.place, f"two cases are {site.id!r}; the first is in {where}", hint, spot=site.spot)
        if len(twins) > MOST_TOLD:
            self._refuse(twins[0][1].place, f"{len(twins) - MOST_TOLD:,} more cases are there twice")

    def _refuse(
        self, path: YamlPath, message: str, hint: str = "", *, at_key: bool = False, spot: Spot | None = None
    ) -> None:
        self.faults.append(Fault(path=path, message=message, hint=hint, at_key=at_key, spot=spot))


def _all(drawn: Iterable[Drawn | None]) -> list[Drawn]:
    """All cases, once every one of them is known to be right."""
    every = list(drawn)
    if None in every:
        raise _Unusable
    return [one for one in every if one is not None]


def _has_file(written: Any) -> bool:
    """``vars: {file: vars.json}``: the one key that is no variable when it stands alone."""
    return isinstance(written, dict) and set(written) == {"file"} and isinstance(written["file"], str)


def _short(value: Any) -> bool:
    return isinstance(value, (str, int, float)) and len(str(value)) <= LABEL_CHARACTERS
