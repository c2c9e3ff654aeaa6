"""The body of a request, whether its length was said or it comes in chunks."""

from __future__ import annotations

from email.message import Message
from typing import BinaryIO

from skafd.errors import DataEngineError

LARGEST_BYTES = 512 * 2**20
"""One save has at most so many bytes: all of its rows are there at once, or none."""
_LONGEST_LINE_BYTES = 256


def read_body(headers: Message, stream: BinaryIO) -> bytes:
    """All of it. Raises DataEngineError when it is too long, ConnectionResetError when it ends early."""
    if headers.get("Transfer-Encoding", "").lower() != "chunked":
        text = headers.get("Content-Length", "0")
        return _exactly(stream, int(text) if text.isascii() and text.isdigit() else 0)
    pieces: list[bytes] = []
    total = 0
    while size := _chunk_size(stream):
        total += size
        _check(total)
        pieces.append(_exactly(stream, size))
        stream.readline(_LONGEST_LINE_BYTES)
    stream.readline(_LONGEST_LINE_BYTES)
    return b"".join(pieces)


def _exactly(stream: BinaryIO, size: int) -> bytes:
    _check(size)
    body = stream.read(size)
    if len(body) < size:
        raise ConnectionResetError("the body ended early")
    return body


def _chunk_size(stream: BinaryIO) -> int:
    line = stream.readline(_LONGEST_LINE_BYTES)
    try:
        return int(line.split(b";")[0], 16)
    except ValueError:
        raise ConnectionResetError("the body ended early") from None


def _check(size: int) -> None:
    if size > LARGEST_BYTES:
        raise DataEngineError(f"one request has at most {LARGEST_BYTES} bytes", "save in several calls")
