"""Attribute docstrings of the models as descriptions in a JSON Schema: hover texts for editors. Feeds ``suite_schema``.

Pydantic can do this itself, by reading the source of every model at every start of the program; here it is done only
when somebody asks for the schema.
"""

from __future__ import annotations

import ast
import inspect
import itertools
import textwrap
from collections.abc import Iterator
from typing import Any

from pydantic import BaseModel

from probes.forms import SuiteModel


def with_descriptions(schema: Any) -> Any:
    """The schema with a description at every property of a model; models are known by their title."""
    return _described(schema, {model.__name__: model for model in _models(SuiteModel)})


def _models(base: type[BaseModel]) -> Iterator[type[BaseModel]]:
    for model in base.__subclasses__():
        yield model
        yield from _models(model)


def _described(schema: Any, models: dict[str, type[BaseModel]]) -> Any:
    if isinstance(schema, list):
        return [_described(part, models) for part in schema]
    if not isinstance(schema, dict):
        return schema
    after = {key: _described(part, models) for key, part in schema.items()}
    title, properties = schema.get("title"), after.get("properties")
    if isinstance(title, str) and title in models and isinstance(properties, dict):
        for name, text in _docs(models[title]).items():
            key = models[title].model_fields[name].alias or name
            if key in properties:
                properties[key] = {"description": text, **properties[key]}
    return after


def _docs(model: type[BaseModel]) -> dict[str, str]:
    """Docstrings below the fields of a model and of the models it extends, by field name."""
    told: dict[str, str] = {}
    for part in reversed(model.__mro__):
        if issubclass(part, SuiteModel) and part is not SuiteModel:
            body = ast.parse(textwrap.dedent(inspect.getsource(part))).body[0]
            told.update(_docs_in(body))
    return {name: text for name, text in told.items() if name in model.model_fields}


def _docs_in(tree: ast.stmt) -> Iterator[tuple[str, str]]:
    statements = getattr(tree, "body", [])
    for field, below in itertools.pairwise(statements):
        named = isinstance(field, ast.AnnAssign) and isinstance(field.target, ast.Name)
        if named and isinstance(below, ast.Expr) and isinstance(below.value, ast.Constant):
            yield field.target.id, inspect.cleandoc(str(below.value.value))
