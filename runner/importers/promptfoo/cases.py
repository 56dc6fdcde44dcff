"""Tests with defaults, scenarios and lists of values laid out: one case each. Feeds ``probes_of``.

Source: promptfoo 0.121, src/evaluator.ts: default assertions come first, a test's variables and options go before the
default ones, a list of texts is one case for each text, several lists give every combination.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from runner.importers.located import Located
from runner.importers.promptfoo.sources import FILE, Sources
from runner.importers.promptfoo.templates import filled, jinja_of, js_text
from runner.importers.promptfoo.test_files import MOST_TESTS, tests_of
from runner.importers.promptfoo.trouble import CannotCarry

_RESOLVED_ROUNDS = 5


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """One test with one choice of values."""

    source: Located
    name: str
    """Its description, or what tells it from others; empty where nothing does."""
    chosen: str
    """The values that lists gave, for its name."""
    variables: Mapping[str, Any]
    assertions: Sequence[Located]
    threshold: Located | None
    options: Mapping[str, Located]
    labels: Mapping[str, str] = field(default_factory=dict)
    prompts: Located | None = None


def cases_of(config: Located, sources: Sources) -> list[Case]:
    """All cases, in promptfoo's order; what cannot be carried is on the list."""
    default = _default(config, sources)
    tests = tests_of(config.at("tests"), sources)
    merged = [*(_merged(default, test) for test in tests), *_scenario_tests(config, default, sources)]
    if not merged:  # promptfoo then asks every prompt once
        merged = [_merged(default, config.made({}))]
    found = [case for test in merged for case in _expanded(test, sources)]
    if len(found) > MOST_TESTS:
        raise CannotCarry(f"its lists of values make more than {MOST_TESTS} cases; import them in parts")
    return found


def _default(config: Located, sources: Sources) -> Located | None:
    default = config.at("defaultTest")
    if default is None or not isinstance(default.value, str):
        return default
    try:
        (path,) = sources.named(default.value)
        found = sources.document(path)
    except (CannotCarry, ValueError) as trouble:
        default.lost(f"not carried: {trouble}")
        return None
    default.taken()
    return found


def _scenario_tests(config: Located, default: Located | None, sources: Sources) -> Iterator[Test]:
    written = config.at("scenarios")
    for scenario in [] if written is None else written.entries():
        if not scenario.is_map:
            scenario.lost("not carried: a scenario is a mapping with config and tests")
            continue
        scenario.taken_at("description")
        settings = scenario.at("config")
        tests = tests_of(scenario.at("tests"), sources) or [scenario.made({})]
        for data, test in itertools.product(tests_of(settings, sources), tests):
            yield _merged(default, data, test)


@dataclass(frozen=True, slots=True, kw_only=True)
class Test:
    """Defaults and what goes before them, laid over each other."""

    source: Located
    layers: Sequence[Located]
    """From the defaults to the test itself."""

    def nearest(self, key: str) -> Located | None:
        """The value of the layer nearest to the test."""
        found = None
        for layer in self.layers:
            found = layer.at(key) or found
        return found

    def merged(self, key: str) -> dict[str, Located]:
        """A mapping laid over key by key."""
        given = [found for layer in self.layers if (found := layer.at(key)) is not None]
        return {name: value for one in given for name, value in one.items()}


def _merged(default: Located | None, *layers: Located) -> Test:
    for layer in layers:
        layer.lost_at("assertScoringFunction", "not carried: local code decides there")
    return Test(source=layers[-1], layers=[*([default] if default is not None else []), *layers])


def _expanded(test: Test, sources: Sources) -> Iterator[Case]:
    options = test.merged("options")
    variables = _variables(test, sources)
    off = options.get("disableVarExpansion")
    choices = {name: _choices(value, sources, expand=not (off and off.plain)) for name, value in variables.items()}
    several = [name for name, values in choices.items() if len(values) > 1]
    for picked in itertools.islice(itertools.product(*choices.values()), MOST_TESTS + 1):
        values = _resolved(dict(zip(choices, picked, strict=True)))
        yield Case(
            source=test.source,
            name=_name(test, values, several),
            chosen=" ".join(js_text(values[name])[:30] for name in several),
            variables=values,
            assertions=_assertions(test, options),
            threshold=test.nearest("threshold"),
            options=options,
            labels=_labels(test),
            prompts=test.nearest("prompts"),
        )


def _assertions(test: Test, options: Mapping[str, Located]) -> list[Located]:
    off = options.get("disableDefaultAsserts")
    if off is not None:
        off.taken()
    layers = test.layers[-1:] if off is not None and off.plain is True else test.layers
    return [one for layer in layers if (given := layer.at("assert")) is not None for one in given.entries()]


def _name(test: Test, values: Mapping[str, Any], several: Sequence[str]) -> str:
    description = test.source.at("description")
    if description is not None and isinstance(description.taken(), str):
        return str(description.plain)
    fixed = [js_text(value) for name, value in values.items() if name not in several]
    return next((text for text in fixed if text.strip()), "")


def _labels(test: Test) -> dict[str, str]:
    labels: dict[str, str] = {}
    for key, value in test.merged("metadata").items():
        if isinstance(value.value, (dict, list)) or value.value is None:
            value.lost("not carried: a label is one text")
        else:
            labels[key] = js_text(value.taken())
    return labels


# ------------------------------------------------------------------------------------------------ variables
def _variables(test: Test, sources: Sources) -> dict[str, Located]:
    found: dict[str, Located] = {}
    for layer in test.layers:
        given = layer.at("vars")
        for one in [] if given is None else given.entries():
            found |= dict(one.items()) if one.is_map else _from_files(one, sources)
    return found


def _from_files(written: Located, sources: Sources) -> dict[str, Located]:
    """``vars: vars.yaml``: mappings in files, later ones over earlier ones."""
    if not isinstance(written.value, str):
        return {}
    try:
        documents = [sources.document(path) for path in sources.named(written.value)]
    except CannotCarry as trouble:
        written.lost(f"not carried: {trouble}")
        return {}
    written.taken()
    return {key: value for document in documents for key, value in document.items()}


def _choices(written: Located, sources: Sources, *, expand: bool) -> list[Any]:
    """The values of one variable, one for each case."""
    try:
        if isinstance(written.value, str) and written.value.startswith(FILE):
            values: list[Any] = [sources.variable(path) for path in sources.named(written.value)]
        elif expand and written.is_list and written.value and isinstance(written.value[0].value, str):
            values = [_read(one, sources) for one in written.value]
        else:
            values = [written.plain]
    except CannotCarry as trouble:
        written.lost(f"not carried, so it is empty: {trouble}")
        return [""]
    written.taken()
    return values


def _read(one: Located, sources: Sources) -> Any:
    if isinstance(one.value, str) and one.value.startswith(FILE):
        return sources.variable(sources.named(one.value)[0])
    return one.plain


def _resolved(values: dict[str, Any]) -> dict[str, Any]:
    """Texts that name other variables with these in place, and without a line feed at the end, as promptfoo does."""
    values = {name: value.removesuffix("\n") if isinstance(value, str) else value for name, value in values.items()}
    for _ in range(_RESOLVED_ROUNDS):
        for name, value in values.items():
            if isinstance(value, str) and "{{" in value:
                values[name] = _attempted(value, {key: one for key, one in values.items() if key != name})
    return values


def _attempted(text: str, variables: Mapping[str, Any]) -> str:
    try:
        return filled(jinja_of(text), variables)
    except CannotCarry:
        return text
