"""The body of a request as a stream, whether its length was said or it comes in chunks."""

from __future__ import annotations

from email.message import Message
from typing import BinaryIO, Protocol

from skafd.api.failures import BadRequest

_LONGEST_LINE_BYTES = 256
_PIECE_BYTES = 2**20


class Body(Protocol):
    """What can be read of a request."""

    def read(self, size: int = -1) -> bytes:
        """At most `size` bytes, fewer only at the end; all without a size."""

    def is_at_end(self) -> bool:
        """Whether all of it was read."""


def open_body(headers: Message, stream: BinaryIO) -> Body:
    """The body that the headers announce; an empty one where they announce none."""
    if headers.get("Transfer-Encoding", "").lower() == "chunked":
        return _Chunked(stream)
    length = headers.get("Content-Length", "0")
    return _Whole(stream, int(length) if length.isascii() and length.isdigit() else 0)


class _Pieces:
    """Reads to the size that was asked for, piece by piece."""

    def read(self, size: int = -1) -> bytes:
        pieces: list[bytes] = []
        wanted = size
        while wanted:
            piece = self._piece(min(wanted, _PIECE_BYTES) if wanted > 0 else _PIECE_BYTES)
            if not piece:
                break
            pieces.append(piece)
            wanted -= len(piece) if wanted > 0 else 0
        return pieces[0] if len(pieces) == 1 else b"".join(pieces)

    def _piece(self, most: int) -> bytes:
        raise NotImplementedError


class _Whole(_Pieces):
    def __init__(self, stream: BinaryIO, length: int) -> None:
        self._stream = stream
        self._left = length

    def is_at_end(self) -> bool:
        return self._left == 0

    def _piece(self, most: int) -> bytes:
        piece = self._stream.read(min(most, self._left)) if self._left else b""
        if self._left and not piece:
            raise ConnectionResetError("the body ended early")
        self._left -= len(piece)
        return piece


class _Chunked(_Pieces):
    def __init__(self, stream: BinaryIO) -> None:
        self._stream = stream
        self._left = 0
        self._ended = False

    def is_at_end(self) -> bool:
        return self._ended

    def _piece(self, most: int) -> bytes:
        if self._ended:
            return b""
        if not self._left:
            self._left = self._next_length()
            if not self._left:
                self._ended = True
                self._line()
                return b""
        piece = self._stream.read(min(most, self._left))
        if not piece:
            raise ConnectionResetError("the body ended early")
        self._left -= len(piece)
        if not self._left:
            self._line()
        return piece

    def _next_length(self) -> int:
        line = self._line().split(b";")[0].strip()
        try:
            return int(line, 16)
        except ValueError:
            raise BadRequest(f"not the length of a chunk: {line[:20]!r}") from None

    def _line(self) -> bytes:
        line = self._stream.readline(_LONGEST_LINE_BYTES)
        if not line.endswith(b"\n"):
            raise ConnectionResetError("the body ended early")
        return line
