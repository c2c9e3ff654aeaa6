"""Messages on the stream between daemon and launcher: four bytes of length, then JSON."""

from __future__ import annotations

import json
from typing import Any

_LENGTH_BYTES = 4


def encode(values: dict[str, Any]) -> bytes:
    """One message."""
    content = json.dumps(values).encode()
    return len(content).to_bytes(_LENGTH_BYTES, "big") + content


class FrameReader:
    """Puts messages together from whatever pieces the stream comes in."""

    def __init__(self) -> None:
        self._buffer = bytearray()

    def feed(self, data: bytes) -> list[dict[str, Any]]:
        """The messages that are complete now."""
        self._buffer += data
        messages = []
        while (message := self._next()) is not None:
            messages.append(message)
        return messages

    def _next(self) -> dict[str, Any] | None:
        end = _LENGTH_BYTES + int.from_bytes(self._buffer[:_LENGTH_BYTES], "big")
        if len(self._buffer) < max(_LENGTH_BYTES, end):
            return None
        message: dict[str, Any] = json.loads(self._buffer[_LENGTH_BYTES:end])
        del self._buffer[:end]
        return message
