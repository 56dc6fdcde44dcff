"""Files sent along with a question: each path in a probe becomes the file's bytes while a suite is loaded.

A suite may come with a pull request, and what it attaches is sent to an endpoint it names itself: so only files below
the suite's own folder are read, symbolic links followed first, and never one that holds a secret of this suite.
Works on the plain values of ``probes``, after templates. Feeds ``suite_file``.
"""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from probes.conversation import Attached
from probes.files_beside import HIDDEN, OUTSIDE, FileId, Unreadable, inside, read_file
from probes.media_types import media_type
from probes.positions import Fault, YamlPath

MOST_BYTES = 8 * 2**20
"""Of one file."""
MOST_BYTES_OF_ALL = 32 * 2**20
"""Of all files of one suite, each counted as often as it is sent along by another probe."""
KINDS = ("image", "file")
_PRIVATE_KEY = b"PRIVATE KEY-----"


@dataclass(slots=True, kw_only=True)
class Attaching:
    """One suite's attachments while they are read."""

    folder: Path
    """The suite's own."""
    secret_files: frozenset[FileId]
    at_hand: bool = True
    """False where nothing will be sent: a file that is missing by now, or cannot be sent, is no fault then."""
    faults: list[Fault] = field(default_factory=list)
    size: int = 0
    """Bytes attached so far."""

    def probes(self, probes: Any) -> Any:
        """The probes with every path replaced by a part that holds the file."""
        if not isinstance(probes, list):
            return probes
        return [self._probe(probe, ("probes", index)) for index, probe in enumerate(probes)]

    def _probe(self, probe: Any, path: YamlPath) -> Any:
        probe = self._holder(probe, path)
        if isinstance(probe, Mapping) and isinstance(probe.get("turns"), list):
            turns = [self._holder(turn, (*path, "turns", index)) for index, turn in enumerate(probe["turns"])]
            probe = {**probe, "turns": turns}
        if isinstance(probe, Mapping) and isinstance(probe.get("messages"), list):
            said = [self._message(one, (*path, "messages", index)) for index, one in enumerate(probe["messages"])]
            probe = {**probe, "messages": said}
        return probe

    def _holder(self, holder: Any, path: YamlPath) -> Any:
        """A probe or turn with its ``files``."""
        if not isinstance(holder, Mapping) or not isinstance(holder.get("files"), list):
            return holder
        files = [self._listed(file, (*path, "files", index)) for index, file in enumerate(holder["files"])]
        return {**holder, "files": files}

    def _listed(self, written: Any, path: YamlPath) -> Any:
        if not isinstance(written, str):
            return self._part(written, path)
        found = self._address(written, path)
        kind = "image" if found.startswith("data:image/") else "file"
        return {kind: found, "name": _name(written)}

    def _message(self, message: Any, path: YamlPath) -> Any:
        if not isinstance(message, Mapping) or not isinstance(message.get("content"), list):
            return message
        parts = [self._part(part, (*path, "content", index)) for index, part in enumerate(message["content"])]
        return {**message, "content": parts}

    def _part(self, part: Any, path: YamlPath) -> Any:
        kinds = [kind for kind in KINDS if isinstance(part, Mapping) and isinstance(part.get(kind), str)]
        if len(kinds) != 1:  # the models say what is wrong with it
            return part
        kind, written = kinds[0], part[kinds[0]]
        found = self._address(written, (*path, kind))
        if kind == "image" and found.startswith("data:") and not found.startswith("data:image/"):
            shown = found.removeprefix("data:").partition(";")[0]
            self._refuse((*path, kind), f"{written!r} is no picture but {shown}", "write file: instead of image:")
        return {"name": _name(written), **part, kind: found}

    def _address(self, written: str, path: YamlPath) -> str:
        """A data URL with the file's bytes; an https address stays."""
        if written.lower().startswith("https://"):
            return written
        if "://" in written or written.lower().startswith("data:"):
            self._refuse(path, f"{_short(written)} is neither a path nor an https address", "put it in a file")
            return written
        try:
            return self._read(written).data_url
        except Unreadable as trouble:
            if not self.at_hand:
                return _ABSENT[path[-1] == "image"].data_url
            self._refuse(path, f"{_short(written)} cannot be attached: {trouble}", _HINTS.get(str(trouble), ""))
            return written

    def _read(self, written: str) -> Attached:
        content = read_file(inside(self.folder, written), MOST_BYTES)
        if content.identity in self.secret_files or _PRIVATE_KEY in content.data:
            raise Unreadable(SECRET_FILE)
        kind = media_type(content.data, written)
        if kind is None:
            raise Unreadable(UNKNOWN)
        self.size += len(content.data)
        if self.size > MOST_BYTES_OF_ALL:
            raise Unreadable(f"the files of this suite are larger than {MOST_BYTES_OF_ALL // 2**20} MiB together")
        return Attached(media_type=kind, base64=b64encode(content.data).decode())

    def _refuse(self, path: YamlPath, message: str, hint: str) -> None:
        self.faults.append(Fault(path=path, message=message, hint=hint))


_ABSENT = (Attached(media_type="application/pdf", base64=""), Attached(media_type="image/png", base64=""))
"""What stands for a document, and for a picture, that nobody needs to send; every dialect takes these kinds."""
SECRET_FILE = "it holds a secret or a private key"
UNKNOWN = "neither its content nor its name tells what it is"
_HINTS = {
    OUTSIDE: "a suite sends only files beside itself: whoever writes it could else send any file of this machine",
    HIDDEN: "such files often hold credentials; give the file a name without a dot in front",
    SECRET_FILE: "an endpoint is never told a secret as part of a question",
    UNKNOWN: "pictures, PDF, WAV, MP3 and UTF-8 text are known by their content",
}


def _name(written: str) -> str:
    return written.rstrip("/").rpartition("/")[2]


def _short(written: str) -> str:
    return repr(written) if len(written) <= 60 else repr(written[:57]) + "..."
