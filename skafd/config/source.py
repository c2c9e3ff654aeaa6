"""Bytes of a config to text, refusing at once what is no config at all."""

from __future__ import annotations

import re
from pathlib import Path

from skafd.config.problems import Code, Unreadable, split_lines, unreadable

MAXIMUM_BYTES = 2**20
_CONTROL = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]")


def read_bytes(path: Path) -> bytes:
    """The file's content, one byte more than allowed at most. Raises Unreadable."""
    try:
        if not path.is_file():
            raise unreadable(Code.UNREADABLE, 1, 1, f"{path.name} is no file", "create it with `skafd init`")
        with path.open("rb") as stream:
            return stream.read(MAXIMUM_BYTES + 1)
    except OSError as error:
        raise unreadable(Code.UNREADABLE, 1, 1, f"{path.name} cannot be read: {error.strerror}") from error


def decode(content: str | bytes) -> str:
    """The text without a byte order mark. Raises Unreadable: too large, not UTF-8, control characters."""
    data = content.encode("utf-8", "surrogatepass") if isinstance(content, str) else content
    if len(data) > MAXIMUM_BYTES:
        raise unreadable(Code.TOO_LARGE, 1, 1, "the config is larger than 1 MiB", "data belongs in files of its own")
    try:
        text = data.decode("utf-8").removeprefix("\ufeff")
    except UnicodeDecodeError as error:
        raise _not_utf8(data, error.start) from error
    if control := _CONTROL.search(text):
        line, column = position(text, control.start())
        name = f"U+{ord(control[0]):04X}"
        message = f"there is a control character ({name}) in the config"
        raise unreadable(Code.CONTROL_CHARACTER, line, column, message, "delete it and type the line again")
    return text


def _not_utf8(data: bytes, offset: int) -> Unreadable:
    line, column = position(data[:offset].decode("utf-8", "replace"), offset)
    if data[:2] in (b"\xff\xfe", b"\xfe\xff"):
        return unreadable(Code.ENCODING, 1, 1, "the config is UTF-16", "save it as UTF-8")
    message = f"the byte 0x{data[offset]:02x} is not UTF-8"
    return unreadable(Code.ENCODING, line, column, message, "save the file as UTF-8")


def position(text: str, offset: int) -> tuple[int, int]:
    """Line and column, from 1, of a character; past the end, those of the end."""
    lines = split_lines(text[:offset])
    return len(lines), len(lines[-1]) + 1
