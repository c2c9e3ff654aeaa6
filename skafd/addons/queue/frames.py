"""How the broker is talked to: frames of a JSON object and bytes, each with its length before it.

A client sends one question and waits for its answer; `ack`, `nack` and `leave` have none.
"""

from __future__ import annotations

import json
import struct
from collections.abc import Iterator, Mapping
from typing import Any

from skafd.errors import Refused

LENGTHS = struct.Struct(">II")
"""Of the JSON and of the bytes that follow it."""
MOST_HEAD_BYTES = 8 * 2**20
MOST_BODY_BYTES = 64 * 2**20
_encode = json.JSONEncoder(separators=(",", ":")).encode


def frame(head: Mapping[str, Any], body: bytes = b"") -> bytes:
    """As it is sent."""
    text = _encode(head).encode()
    return b"".join((LENGTHS.pack(len(text), len(body)), text, body))


class Frames:
    """Takes bytes as they come, and gives back whole frames."""

    def __init__(self) -> None:
        self._held = bytearray()

    def feed(self, data: bytes) -> Iterator[tuple[dict[str, Any], bytes]]:
        """Raises Refused for what cannot be a frame."""
        self._held += data
        start = 0
        while len(self._held) - start >= LENGTHS.size:
            head_bytes, body_bytes = LENGTHS.unpack_from(self._held, start)
            if head_bytes > MOST_HEAD_BYTES or body_bytes > MOST_BODY_BYTES:
                raise Refused("a message is too large", f"at most {MOST_BODY_BYTES // 2**20} MB")
            head_at = start + LENGTHS.size
            body_at = head_at + head_bytes
            end = body_at + body_bytes
            if len(self._held) < end:
                break
            yield _head(bytes(self._held[head_at:body_at])), bytes(self._held[body_at:end])
            start = end
        del self._held[:start]


def _head(text: bytes) -> dict[str, Any]:
    try:
        return dict(json.loads(text))
    except (ValueError, TypeError):
        raise Refused("this is no frame of the queue's") from None
