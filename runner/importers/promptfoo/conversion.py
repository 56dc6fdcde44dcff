"""A promptfoo configuration as a suite: read, convert, write, and see that Holdfast takes it. Feeds ``IMPORTERS``."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import takewhile
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from checks.quote import shortened
from probes.errors import InputError, Problem
from runner.importers.imported import Imported, Lost
from runner.importers.located import Ledger, Located
from runner.importers.promptfoo.cases import cases_of
from runner.importers.promptfoo.endpoints_of import EndpointMaker, MadeEndpoint, able_to_ask, shared_tools
from runner.importers.promptfoo.judge_block import judge_parts
from runner.importers.promptfoo.naming import slug
from runner.importers.promptfoo.probes_of import MadeProbe, ProbeMaker
from runner.importers.promptfoo.prompts import prompts_of
from runner.importers.promptfoo.sources import Sources, configuration
from runner.importers.promptfoo.suite_text import comment, listed, yaml_of
from runner.importers.promptfoo.templates import is_template
from runner.importers.promptfoo.templates_of import with_templates
from runner.importers.promptfoo.top_level import Running, lose_the_rest, running
from runner.importers.promptfoo.trouble import UNKNOWN, CannotCarry
from runner.preparing.prepare import AnyEnvironment, prepare

_WIDEST = 500
"""Characters of a reason."""


def import_promptfoo(file: Path, root: Path) -> Imported:
    """The suite that asks what a promptfoo configuration asks, and the list of what it does not.

    Args:
        file: The configuration, YAML or JSON.
        root: Files that it names are read below this folder only.

    Raises:
        InputError: it cannot be read, or nothing of it can be asked.
    """
    ledger = Ledger()
    config = with_templates(configuration(file, ledger))
    sources = Sources(folder=file.parent, root=root, ledger=ledger)
    endpoints = EndpointMaker(sources=sources).endpoints(config)
    how = running(config)
    try:
        probes = _probes(config, sources, endpoints)
    except CannotCarry as trouble:
        raise _refused(file, str(trouble)) from None
    if not probes:
        none_there = "" if config.at("prompts") is not None else ": it has no prompts"
        why = f"none of its tests can be asked{none_there}"
        raise _refused(file, why, sorted(ledger.lost, key=_indecisive))
    before = set(ledger.lost)
    endpoints = able_to_ask(endpoints, [probe.written for probe in probes])
    if not endpoints:
        why = "none of its providers can be asked"
        raise _refused(file, why, sorted(ledger.lost, key=lambda line: line in before))
    text = _text(file, config, endpoints, how, probes)
    lose_the_rest(config)
    _taken_by_holdfast(text, file)
    checks = sum(len(probe.written.get("checks", ())) for probe in probes)
    return Imported(suite=text, probes=len(probes), checks=checks, lost=ledger.close(UNKNOWN))


def _taken_by_holdfast(text: str, file: Path) -> None:
    """Raises InputError where the suite would be refused: nothing is handed back that does not validate."""
    with TemporaryDirectory() as folder:
        suite = Path(folder) / "imported.yaml"
        suite.write_text(text, encoding="utf-8")
        try:
            prepare(suite, AnyEnvironment(), None)
        except InputError as error:
            why = "; ".join(problem.message for problem in error.problems[:3])
            raise _refused(file, f"the suite it would become is refused: {why}") from None


def _refused(file: Path, message: str, lost: Sequence[Lost] = ()) -> InputError:
    """What decides, then what was lost, each with its place in a line of its own."""
    problems = [
        Problem(
            file=line.place.file, line=line.place.line, column=1, message=shortened(f"{line.what}: {line.why}", _WIDEST)
        )
        for line in lost
    ]
    return InputError([Problem(file=str(file), line=0, column=0, message=message), *problems])


def _indecisive(line: Lost) -> bool:
    """False for what keeps a prompt or a whole test from being asked: that is told first."""
    of_prompts = line.what.startswith("prompts") and line.why.startswith("not carried")
    return not (of_prompts or line.why.startswith("not asked"))


def _probes(config: Located, sources: Sources, endpoints: Sequence[MadeEndpoint]) -> list[MadeProbe]:
    prompts = prompts_of(config, sources)
    transforms = {one.transform for one in endpoints}
    maker = ProbeMaker(
        ledger=config.ledger,
        sources=sources,
        tools=shared_tools(endpoints),
        transform=transforms.pop() if len(transforms) == 1 else "different ones",
    )
    return maker.probes(prompts, cases_of(config, sources))


def _text(
    file: Path, config: Located, endpoints: Sequence[MadeEndpoint], how: Running, probes: Sequence[MadeProbe]
) -> str:
    description = config.at("description")
    name = slug(str(description.plain)) if description is not None and description.plain else ""
    shared = _shared_checks(probes)
    judges, judge = judge_parts([probe.written for probe in probes])
    top: dict[str, Any] = {"version": 1, "suite": name or slug(file.stem) or "imported"}
    if description is not None and isinstance(description.taken(), str):
        top["description"] = description.plain
    top["monitor"] = [one.name for one in endpoints]
    defaults = {
        **({"samples": how.samples} if how.samples > 1 else {}),
        **({"labels": how.labels} if how.labels else {}),
        **({"checks": shared} if shared else {}),
    }
    written = [
        comment(f"Imported from {file.name} by holdfast import promptfoo. Remarks name the lines things came from."),
        yaml_of(top),
        "endpoints:",
        *(_endpoint(one, how, file) for one in [*endpoints, *judges]),
        *([f"\n{yaml_of({'judge': judge})}"] if judge else []),
        *([f"\n{yaml_of({'defaults': defaults})}"] if defaults else [""]),
        "probes:",
        listed([(_without(probe.written, len(shared)), _near(probe.remarks, file)) for probe in probes]),
    ]
    return "\n".join(part.rstrip("\n") for part in written) + "\n"


def _near(remarks: Sequence[str], file: Path) -> list[str]:
    """Remarks that name the configuration without its folder: the suite stands beside it, wherever that is."""
    return [remark.replace(str(file), file.name) for remark in remarks]


def _endpoint(endpoint: MadeEndpoint, how: Running, file: Path) -> str:
    (remark,) = _near([endpoint.remark], file)
    lines = yaml_of({endpoint.name: {**endpoint.written, **how.endpoint}}).rstrip("\n").split("\n")
    remarks = [f"  {comment(remark)}"] if remark else []
    return "\n".join([*remarks, *(f"  {line}" if line else line for line in lines)])


# ------------------------------------------------------------------------------------------------ checks of all
def _shared_checks(probes: Sequence[MadeProbe]) -> list[Any]:
    """Entries that every check list begins with, as far as no probe restates them: then they can be defaults."""
    lists = [list(probe.written.get("checks", ())) for probe in probes]
    if len(lists) < 2:
        return []
    same = [column[0] for column in takewhile(_can_be_shared, zip(*lists, strict=False))]
    while same:
        names = {_name(entry) for entry in same}
        if not any(_name(entry) in names for one in lists for entry in one[len(same) :]):
            return same
        same.pop()
    return []


def _can_be_shared(column: Sequence[Any]) -> bool:
    """True for one and the same entry; texts kept from being rendered stay, because defaults are not rendered."""
    return all(entry == column[0] for entry in column) and not is_template(column[0])


def _name(entry: Any) -> str:
    if isinstance(entry, str):
        return entry
    return next(str(key) for key in entry if key not in ("mode", "weight"))


def _without(written: Mapping[str, Any], shared: int) -> dict[str, Any]:
    kept = {key: value for key, value in written.items() if key != "checks"}
    checks = list(written.get("checks", ()))[shared:]
    return {**kept, "checks": checks} if checks else kept
