"""Messages on the stream between daemon and launcher: four bytes of length, then the content.

A request is the attempt's name, a line feed and its specification, which the launcher hands on without looking into
it; an answer is JSON.
"""

from __future__ import annotations

_LENGTH_BYTES = 4


def encode(content: bytes) -> bytes:
    """One message."""
    return len(content).to_bytes(_LENGTH_BYTES, "big") + content


class FrameReader:
    """Puts messages together from whatever pieces the stream comes in."""

    def __init__(self) -> None:
        self._buffer = bytearray()

    def feed(self, data: bytes) -> list[bytes]:
        """The messages that are complete now."""
        self._buffer += data
        messages = []
        while (message := self._next()) is not None:
            messages.append(message)
        return messages

    def _next(self) -> bytes | None:
        end = _LENGTH_BYTES + int.from_bytes(self._buffer[:_LENGTH_BYTES], "big")
        if len(self._buffer) < max(_LENGTH_BYTES, end):
            return None
        message = bytes(self._buffer[_LENGTH_BYTES:end])
        del self._buffer[:end]
        return message
