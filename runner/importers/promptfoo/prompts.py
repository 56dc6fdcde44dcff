"""promptfoo's prompts as what a probe asks: a prompt, or messages. Feeds ``probes_of``.

Source: promptfoo 0.121, src/prompts/processors: text files hold several prompts between lines of ``---``; JSON and
YAML files, and texts that begin like them, hold the messages of a chat.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from probes.errors import InputError
from runner.importers.foreign_yaml import read_yaml
from runner.importers.imported import Place
from runner.importers.located import Ledger, Located
from runner.importers.promptfoo.sources import CODE, FILE, Sources
from runner.importers.promptfoo.trouble import LOCAL_CODE, CannotCarry

_FILES = (".txt", ".json", ".jsonl", ".yaml", ".yml", ".csv", ".md", ".j2")
_LOCAL = re.compile(rf"[^\s{{}}]+(?:{'|'.join(map(re.escape, sorted(CODE)))})(?::\w[\w.]*)?")
"""``prompt.js`` and ``prompt.py:function``, which promptfoo runs without ``file://`` before it, too."""
_ROLES = frozenset({"system", "developer", "user", "assistant", "tool"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Prompt:
    """One prompt of the configuration."""

    template: str
    label: str
    place: Place
    named: bool = False
    """True where its author gave it the label."""
    params: dict[str, Any] = field(default_factory=dict)


def prompts_of(config: Located, sources: Sources) -> list[Prompt]:
    """All prompts; what cannot be one is on the list."""
    written = config.at("prompts")
    if written is None:
        return []
    found: list[Prompt] = []
    entries = [_of_mapping(written, key, label) for key, label in written.items()] if written.is_map else []
    for entry in entries or written.entries():
        try:
            found.extend(_prompts(entry, sources, len(found)))
        except CannotCarry as trouble:
            entry.lost(f"not carried: {trouble}")
    return found


def _of_mapping(written: Located, path: str, label: Located) -> Located:
    """``prompts: {file: label}``, an older form."""
    return label.made({"raw": label.made(path), "label": label})


def _prompts(entry: Located, sources: Sources, before: int) -> Iterator[Prompt]:
    raw, label, params = _parts(entry)
    if raw is None or not isinstance(raw.value, str):
        raise CannotCarry("a prompt is a text, a file, or a mapping with raw")
    texts = _texts(raw.value, sources)
    for index, (text, own) in enumerate(texts):
        name = own or (label if len(texts) == 1 else f"{label} {index + 1}" if label else "")
        yield Prompt(
            template=text,
            label=name or f"prompt {before + index + 1}",
            place=entry.place,
            named=bool(name),
            params=params,
        )
    raw.taken()


def _parts(entry: Located) -> tuple[Located | None, str, dict[str, Any]]:
    if not entry.is_map:
        return entry, "", {}
    label = entry.taken_at("label") or entry.taken_at("id")
    entry.taken_at("id")
    config = entry.at("config")
    params = config.taken() if config is not None and config.is_map else {}
    return entry.at("raw") or entry.at("id"), str(label or ""), params


def _texts(raw: str, sources: Sources) -> list[tuple[str, str]]:
    """The prompts behind a text or a file, each with the label that stands beside it there."""
    is_path = "\n" not in raw and raw.endswith(_FILES) and (sources.folder / raw).is_file()
    if _LOCAL.fullmatch(raw):
        raise CannotCarry(LOCAL_CODE)
    if not raw.startswith(FILE) and not is_path:
        return [(raw, "")]
    found = [one for path in sources.named(raw) for one in _of_file(path, sources)]
    if not found:
        raise CannotCarry(f"{raw} holds no prompt")
    return found


def _of_file(path: Path, sources: Sources) -> list[tuple[str, str]]:
    text = sources.text(path)
    if path.suffix == ".txt":
        parts = ("\n" + text.replace("\r\n", "\n")).split("\n---\n")
        return [(part.strip().removesuffix("\n---").strip(), "") for part in parts if part.strip(" \n-")]
    if path.suffix == ".jsonl":
        return [(line, "") for line in text.splitlines() if line]
    if path.suffix in (".json", ".yaml", ".yml"):
        plain = read_yaml(text, path.name, Ledger()).plain
        return [(json.dumps(plain, ensure_ascii=False) if isinstance(plain, (dict, list)) else text, "")]
    if path.suffix == ".csv" and "," in text:
        rows = [row.plain for row in Sources(folder=path.parent, root=sources.root, ledger=Ledger()).rows(path)]
        return [(row["prompt"], row.get("label", "")) for row in rows if row.get("prompt")]
    if path.suffix == ".csv":
        lines = [line for line in text.splitlines() if line.strip()]
        return [(line, "") for line in lines[1 if lines and lines[0].strip().lower() == "prompt" else 0 :]]
    return [(text, "")]


# ------------------------------------------------------------------------------------------------ chats
def messages_of(text: str) -> list[dict[str, Any]] | None:
    """The messages of a prompt that is a chat; None where it is plain text.

    Raises:
        CannotCarry: it is a chat with something in it that messages of a suite cannot hold.
    """
    if not text.lstrip().startswith(("[", "- role:")):
        return None
    try:
        found = read_yaml(text, "", Ledger()).plain if text.lstrip().startswith("-") else json.loads(text)
    except (InputError, ValueError, RecursionError):
        return None
    if not isinstance(found, list) or not found or not all(isinstance(one, dict) and "role" in one for one in found):
        return None
    return [_message(one) for one in found]


def _message(written: dict[str, Any]) -> dict[str, Any]:
    more = set(written) - {"role", "content"}
    if more or written["role"] not in _ROLES:
        raise CannotCarry(f"a message with {', '.join(sorted(more)) or written['role']} cannot stand in a suite")
    content = written.get("content")
    if isinstance(content, list):
        content = [_part(part) for part in content]
    elif not isinstance(content, str):
        raise CannotCarry("the content of a message is no text")
    return {"role": written["role"], "content": content}


def _part(part: Any) -> dict[str, Any]:
    if isinstance(part, dict) and isinstance(part.get("text"), str) and part.get("type") in ("text", "input_text"):
        return {"text": part["text"]}
    image = part.get("image_url") if isinstance(part, dict) else None
    url = image.get("url") if isinstance(image, dict) else image
    if isinstance(url, str) and url.startswith("https://"):
        return {"image": url}
    raise CannotCarry("a part of a message is neither text nor a picture by its https address")
