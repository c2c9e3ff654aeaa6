"""One connection to the queue's broker: frames of a JSON object and bytes over a unix socket."""

import json
import os
import struct
import threading
import time
from typing import Any, Dict, Optional, Tuple

from .exceptions import QueueError
from .reaching import reach
from .transport import error_of

LENGTHS = struct.Struct(">II")
"""Of the JSON and of the bytes that follow it."""
ANSWER_SECONDS = 60.0
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
        self.tell(head, body)
        said, content = self._receive(None if seconds is None else time.monotonic() + seconds)
        if "error" in said:
            raise error_of(422, json.dumps(said).encode())
        return said, content

    def close(self) -> None:
        """What it holds goes to others."""
        self._socket.close()

    def _receive(self, until: "Optional[float]") -> "Tuple[Dict[str, Any], bytes]":
        head_bytes, body_bytes = LENGTHS.unpack(self._exactly(LENGTHS.size, until))
        head = json.loads(self._exactly(head_bytes, until).decode())
        if not isinstance(head, dict):
            raise QueueError("the queue says what is not understood")
        return head, self._exactly(body_bytes, until)

    def _exactly(self, count: int, until: "Optional[float]") -> bytes:
        while len(self._received) < count:
            self._socket.settimeout(None if until is None else max(0.001, until - time.monotonic()))
            piece = self._socket.recv(max(count - len(self._received), 4096) if count < _PIECE_BYTES else _PIECE_BYTES)
            if not piece:
                raise ConnectionResetError("the queue hung up")
            self._received += piece
        self._socket.settimeout(None)
        found = bytes(self._received[:count])
        del self._received[:count]
        return found

    def __del__(self) -> None:
        # Of a thread that has ended, or at the end of the program.
        self.close()
