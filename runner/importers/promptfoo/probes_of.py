"""Prompts times cases as the probes of a suite. Feeds ``conversion``."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from probes.rendering import needs_rendering
from runner.importers.imported import Lost
from runner.importers.located import Ledger, Located
from runner.importers.promptfoo.asked import Tools
from runner.importers.promptfoo.cases import Case
from runner.importers.promptfoo.entries import Converter
from runner.importers.promptfoo.naming import Names
from runner.importers.promptfoo.prompts import Prompt, messages_of
from runner.importers.promptfoo.sources import Sources
from runner.importers.promptfoo.templates import as_written, carried, jinja_of, rendered
from runner.importers.promptfoo.transforms import can_stand_for
from runner.importers.promptfoo.trouble import LOCAL_CODE, CannotCarry

_OPTIONS = {
    "transform": "",
    "postprocess": "",
    "transformVars": f"not carried: {LOCAL_CODE}",
    "provider": "not carried: say under endpoints, as judge, which model grades",
    "rubricPrompt": "not carried: judge checks have prompts of their own",
    "storeOutputAs": "not carried: a probe knows nothing of others; write both as `turns` of one probe",
    "runSerially": "nothing to carry: probes do not depend on each other",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class MadeProbe:
    """A probe as it will be written, with what people should read above it."""

    written: Mapping[str, Any]
    remarks: Sequence[str] = field(default_factory=tuple)


@dataclass(frozen=True, slots=True, kw_only=True)
class ProbeMaker:
    """Makes probes of cases; state: the names given and the ledger."""

    ledger: Ledger
    sources: Sources
    tools: Tools | None
    transform: str | None
    """Of every endpoint's answers."""
    names: Names = field(default_factory=Names)

    def probes(self, prompts: Sequence[Prompt], cases: Sequence[Case]) -> list[MadeProbe]:
        """A probe for each prompt of each case; one that cannot be asked is on the list."""
        made: list[MadeProbe] = []
        for number, case in enumerate(cases, 1):
            checks, remarks = self._checks(case)
            wanted = _wanted(case, prompts)
            for prompt in wanted:
                probe = self._probe(case, prompt, checks, number, alone=len(prompts) == 1)
                if probe is not None:
                    made.append(MadeProbe(written=probe, remarks=(f"from {case.source.place}", *remarks)))
        return made

    def _checks(self, case: Case) -> tuple[list[Any], list[str]]:
        before = set(self.ledger.lost)
        for key, why in _OPTIONS.items():
            if why and key in case.options:
                case.options[key].lost(why)
        given = case.options.get("transform") or case.options.get("postprocess")
        transform = self.transform if given is None else str(given.plain)
        converter = Converter(variables=case.variables, tools=self.tools, files=self.sources.value, transform=transform)
        checks = converter.check_list(case.assertions, case.threshold)
        if given is not None:
            self._tell_transform(given, before)
        return checks, [_remark(line) for line in self.ledger.lost if line not in before]

    def _tell_transform(self, given: Located, before: set[Lost]) -> None:
        if not can_stand_for(str(given.plain)):
            given.lost(f"not carried, and no check that looks at the text it makes: {LOCAL_CODE}")
        elif any("its answer is" in line.why for line in self.ledger.lost if line not in before):
            given.lost("not carried wholly: some of its assertions cannot be said of the untransformed answer")
        else:
            given.taken()

    def _probe(
        self, case: Case, prompt: Prompt, checks: list[Any], number: int, *, alone: bool
    ) -> dict[str, Any] | None:
        try:
            asked, variables = _asked(prompt, case)
        except CannotCarry as trouble:
            self.ledger.lose(case.source.place, case.source.what, f"not asked with {prompt.label[:60]!r}: {trouble}")
            return None
        name = " ".join(part for part in (case.name, case.chosen, "" if alone else prompt.label) if part)
        description = case.source.at("description")
        labels = {**case.labels, **({} if alone or not prompt.named else {"prompt": prompt.label[:100]})}
        return {
            "id": self.names.unique(name, f"test-{number}"),
            **({"description": str(description.plain)} if description is not None else {}),
            **({"labels": labels} if labels else {}),
            **asked,
            **({"vars": variables} if variables else {}),
            **({"params": prompt.params} if prompt.params else {}),
            # texts in checks are templates where a probe has variables
            **({"checks": as_written(checks) if variables else checks} if checks else {}),
        }


def _remark(line: Lost) -> str:
    return f"{line.what} ({line.place.file}:{line.place.line}): {line.why}"


def _wanted(case: Case, prompts: Sequence[Prompt]) -> list[Prompt]:
    """The prompts a test names by their labels; all where it names none."""
    if case.prompts is None:
        return list(prompts)
    named = [one for one in case.prompts.entries() if not one.is_list]
    wanted = [prompt for prompt in prompts if any(_names(str(one.plain), prompt) for one in named)]
    for one in named:
        if any(_names(str(one.plain), prompt) for prompt in prompts):
            one.taken()
        else:
            one.lost(f"not carried: no prompt has the label {str(one.plain)[:100]!r}")
    if not wanted:
        case.source.ledger.lose(case.source.place, case.source.what, "not asked: it names no prompt that is there")
    return wanted


def _names(label: str, prompt: Prompt) -> bool:
    """True where a test's label means the prompt: the same, its group, or ``group:*``."""
    return prompt.label == label or prompt.label.startswith(f"{label.removesuffix(':*')}:")


def _asked(prompt: Prompt, case: Case) -> tuple[dict[str, Any], dict[str, Any]]:
    """``prompt`` or ``messages``, and the variables these need to be there.

    Raises:
        CannotCarry: the template does what a suite's cannot.
    """
    ends = {key: case.options[key].taken() for key in ("prefix", "suffix") if key in case.options}
    template = jinja_of(f"{ends.get('prefix', '')}{prompt.template}{ends.get('suffix', '')}")
    variables = carried(template, case.variables)
    text = rendered(template, variables)
    messages = messages_of(template)
    if messages is None and (filled_in := messages_of(text)) is not None:
        messages = [{**one, "content": _raw(one["content"])} for one in filled_in]
    if messages is not None:
        for message in messages:
            _try_out(message["content"], variables)
        return {"messages": messages}, variables
    if not text.strip():
        raise CannotCarry("the prompt is empty")
    return {"prompt": template}, variables


def _try_out(content: Any, variables: Mapping[str, Any]) -> None:
    for text in [content] if isinstance(content, str) else [part.get("text", "") for part in content]:
        rendered(text, variables)


def _raw(content: Any) -> Any:
    """Text that is sent as it stands, braces included."""
    if isinstance(content, list):
        return [{**part, "text": _raw(part["text"])} if "text" in part else part for part in content]
    return f"{{% raw %}}{content}{{% endraw %}}" if needs_rendering(content) else content
