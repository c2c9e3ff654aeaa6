"""One connection to the queue's broker: frames of a JSON object and bytes over a unix socket."""

import json
import os
import struct
import threading
from typing import Any, Dict, Optional, Tuple

from .exceptions import QueueError
from .reaching import reach
from .transport import error_of

LENGTHS = struct.Struct(">II")
"""Of the JSON and of the bytes that follow it."""
ANSWER_SECONDS = 60.0
_USUAL_BYTES = 4096
_PIECE_BYTES = 1024 * 1024


class QueueConnection:
    """Questions of one thread; what has no answer may be said from any."""

    def __init__(self, path: str, token: str) -> None:
        """Raises OSError where nobody listens, SkafosError where the token is not good."""
        self.pid = os.getpid()
        self.held: "Dict[str, int]" = {}
        """By queue, the delivery that is neither acknowledged nor given back."""
        self._sending = threading.Lock()
        self._received = bytearray()
        self._seconds: "Optional[float]" = None
        self._socket = reach(path)
        try:
            self.ask({"op": "hello", "token": token})
        except BaseException:
            self.close()
            raise

    def tell(self, head: "Dict[str, Any]", body: bytes = b"") -> None:
        """What has no answer. Raises OSError."""
        text = json.dumps(head).encode()
        with self._sending:
            self._socket.sendall(LENGTHS.pack(len(text), len(body)) + text + body)

    def ask(
        self, head: "Dict[str, Any]", body: bytes = b"", seconds: "Optional[float]" = ANSWER_SECONDS
    ) -> "Tuple[Dict[str, Any], bytes]":
        """The answer. Raises OSError, and what the broker says as SkafosError."""
        if seconds != self._seconds:
            self._seconds = seconds
            self._socket.settimeout(seconds)
        self.tell(head, body)
        said, content = self._receive()
        if "error" in said:
            raise error_of(422, json.dumps(said).encode())
        return said, content

    def close(self) -> None:
        """What it holds goes to others."""
        self._socket.close()

    def _receive(self) -> "Tuple[Dict[str, Any], bytes]":
        self._fill(LENGTHS.size)
        head_bytes, body_bytes = LENGTHS.unpack_from(self._received)
        body_at = LENGTHS.size + head_bytes
        end = body_at + body_bytes
        self._fill(end)
        head = json.loads(self._received[LENGTHS.size : body_at].decode())
        if not isinstance(head, dict):
            raise QueueError("the queue says what is not understood")
        body = bytes(self._received[body_at:end])
        del self._received[:end]
        return head, body

    def _fill(self, count: int) -> None:
        while len(self._received) < count:
            piece = self._socket.recv(_PIECE_BYTES if count > _USUAL_BYTES else _USUAL_BYTES)
            if not piece:
                raise ConnectionResetError("the queue hung up")
            self._received += piece

    def __del__(self) -> None:
        # Of a thread that has ended, or at the end of the program; there is no socket where nobody listened.
        if hasattr(self, "_socket"):
            self.close()
