"""Hostile text made harmless: one neutral form, then one escape a channel. Feeds every format and message.

Answers, error messages, header values and labels come from elsewhere. ``visible`` takes away whatever could steer a
terminal, turn the reading direction, hide, or be illegal in XML 1.0, and leaves a visible sign in its place, so that
a reader sees that something was there. The other functions add what one channel needs on top.
"""

from __future__ import annotations

import re
import unicodedata

_JOINERS = frozenset("\u00ad\u200c\u200d")  # soft hyphen and the joiners that scripts and emoji need
_NONCHARACTERS = frozenset({0xFFFE, 0xFFFF})
_WORD_JOINER = "\u2060"
_MENTION = re.compile(r"(?<![\w.+-])[@!](?=[^\s\u2060=])|[@!](?=[^\s\u2060]*[>|])")
"""What chats may read as a call: an at or exclamation mark that begins a word, or stands within angle brackets."""
_MARKDOWN_PUNCTUATION = re.compile(r"([\\`*_{}\[\]<>#!|~&]|:(?=/)|^[-+=]|(?<=^\d)[.)])")
_SUSPECT = re.compile(r"[^\n\t\x20-\x7e]")


def _sign(match: re.Match[str]) -> str:
    character = match[0]
    code = ord(character)
    category = unicodedata.category(character)
    harmful = category in ("Cc", "Cf", "Cs", "Zl", "Zp") and character not in _JOINERS
    return f"\u27e8U+{code:04X}\u27e9" if harmful or code in _NONCHARACTERS else character


def visible(text: str) -> str:
    """The text without anything that acts: only line feeds and tabs stay among the controls.

    Controls, bidi marks, tags, lone surrogates and noncharacters become their code point in mathematical angle
    brackets (ESC: U+27E8, ``U+001B``, U+27E9), which every font can draw. The result can be encoded as UTF-8 and is
    legal XML 1.0 character data once markup is escaped.
    """
    return _SUSPECT.sub(_sign, text.replace("\r\n", "\n"))


def one_line(text: str, limit: int = 200) -> str:
    """``visible``, on one line, at most ``limit`` characters, an ellipsis where something was cut."""
    line = " ".join(visible(text[: limit * 4]).split())
    return line if len(line) <= limit and len(text) <= limit * 4 else line[: limit - 1].rstrip() + "\u2026"


def markdown_code(text: str, limit: int = 200) -> str:
    """The text as a code span: no markup, mention, reference or link is read inside one.

    The fence is longer than every run of backticks inside (CommonMark 0.31, section 6.1).
    """
    line = one_line(text, limit) or "\u2014"
    fence = "`" * (1 + max((len(run) for run in re.findall(r"`+", line)), default=0))
    padding = " " if line.startswith("`") or line.endswith("`") else ""
    return f"{fence}{padding}{line}{padding}{fence}"


def markdown_prose(text: str, limit: int = 400) -> str:
    """The text as running text: markup is escaped, mentions and references are broken by a word joiner."""
    escaped = _MARKDOWN_PUNCTUATION.sub(r"\\\1", one_line(text, limit))
    return re.sub(r"([@#])", rf"\1{_WORD_JOINER}", escaped).replace("www.", "www\\.")


def unmentioned(text: str) -> str:
    """The text, calling nobody in whatever chat it ends up: ``@everyone``, ``<!channel>`` and ``<@U1>`` do not act.

    Mail addresses stay as they are. For receivers that pass texts on to chats we do not know.
    """
    return _MENTION.sub(lambda match: f"{match[0]}{_WORD_JOINER}", text)


def web_link(text: str) -> str | None:
    """The text where it is an http or https address that may become a link; None for anything else."""
    return text if re.fullmatch(r"https?://[^\s\"'<>\\\x00-\x20\x7f-\xa0]+", text) and visible(text) == text else None
