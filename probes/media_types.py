"""What kind of file these bytes are: by their signature, else by the file's ending. Pure; feeds ``attachments``.

Signatures: PNG (RFC 2083), JPEG (ITU T.81), GIF89a, RIFF (WebP, WAVE), PDF (ISO 32000), MPEG audio frames and ID3v2.
"""

from __future__ import annotations

from pathlib import PurePath

_SIGNATURES: tuple[tuple[bytes, int, bytes, str], ...] = (
    (b"\x89PNG\r\n\x1a\n", 0, b"", "image/png"),
    (b"\xff\xd8\xff", 0, b"", "image/jpeg"),
    (b"GIF87a", 0, b"", "image/gif"),
    (b"GIF89a", 0, b"", "image/gif"),
    (b"RIFF", 8, b"WEBP", "image/webp"),
    (b"RIFF", 8, b"WAVE", "audio/wav"),
    (b"%PDF-", 0, b"", "application/pdf"),
    (b"ID3", 0, b"", "audio/mpeg"),
)
"""First bytes; where further bytes stand, and which; the type."""
_OFFICE = "application/vnd.openxmlformats-officedocument"
_ENDINGS = {
    ".docx": f"{_OFFICE}.wordprocessingml.document",
    ".xlsx": f"{_OFFICE}.spreadsheetml.sheet",
    ".pptx": f"{_OFFICE}.presentationml.presentation",
    ".bmp": "image/bmp",
    ".tif": "image/tiff",
    ".tiff": "image/tiff",
    ".heic": "image/heic",
    ".avif": "image/avif",
    ".ogg": "audio/ogg",
    ".flac": "audio/flac",
    ".m4a": "audio/mp4",
    ".mp4": "video/mp4",
    ".webm": "video/webm",
}
"""Only kinds without a signature above: bytes that are no PNG do not become one by their name."""
_TEXTS = {".svg": "image/svg+xml", ".csv": "text/csv", ".md": "text/markdown", ".html": "text/html"}


def media_type(data: bytes, name: str) -> str | None:
    """The media type of a file, as ``image/png``; None where neither content nor name tells."""
    for first, at, further, kind in _SIGNATURES:
        if data.startswith(first) and data[at : at + len(further)] == further:
            return kind
    ending = PurePath(name).suffix.lower()
    # eleven bits of frame sync, of MPEG version 1 or 2, layer III; not UTF-16 text, which begins with FF FE
    if len(data) > 2 and data[0] == 0xFF and data[1] in (0xFB, 0xFA, 0xF3, 0xF2):
        return "audio/mpeg"
    return _text_type(data, ending) or _ENDINGS.get(ending)


def _text_type(data: bytes, ending: str) -> str | None:
    if b"\0" in data:
        return None
    try:
        data.decode("utf-8")
    except UnicodeDecodeError:
        return None
    return _TEXTS.get(ending, "text/plain")
