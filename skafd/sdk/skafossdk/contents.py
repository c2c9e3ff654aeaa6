"""Bytes of any length, to the daemon and back, in pieces."""

import hashlib
import io
from contextlib import contextmanager
from typing import Any, Callable, Dict, Iterator

from .exceptions import SkafosError
from .surroundings import Surroundings

PIECE_BYTES = 1024 * 1024


def send(surroundings: Surroundings, write: "Callable[[Any], None]") -> "Dict[str, Any]":
    """Sends what `write` writes; returns its `sha256` and `size_bytes` once it is on disk."""
    answer: "Dict[str, Any]" = surroundings.daemon().send("POST", "/v1/content", write)
    return answer


@contextmanager
def receive(surroundings: Surroundings, sha256: str) -> "Iterator[Any]":
    """Reads a content, over restarts of the daemon. Raises SkafosError at its end when it is not what was kept."""
    download = _Download(surroundings, sha256)
    try:
        stream = io.BufferedReader(download, PIECE_BYTES)
        yield stream
        # What was not read to its end cannot be held against its hash.
        if not stream.read(1) and download.digest.hexdigest() != sha256:
            raise SkafosError(f"the content {sha256[:12]} is damaged: keep it anew, and look at the disk")
    finally:
        download.release()


def copy_file(path: str) -> "Callable[[Any], None]":
    """What writes a file into a stream."""

    def write(stream: Any) -> None:
        with open(path, "rb") as file:
            copy(file, stream)

    return write


def copy(source: Any, target: Any) -> None:
    """Piece by piece."""
    while True:
        piece = source.read(PIECE_BYTES)
        if not piece:
            return
        target.write(piece)


class _Download(io.RawIOBase):
    def __init__(self, surroundings: Surroundings, sha256: str) -> None:
        self._service = surroundings.daemon()
        self._path = f"/v1/content/{sha256}"
        self._answer = self._service.receive(self._path)
        self._left = self._answer.length
        self._done = 0
        self.digest = hashlib.sha256()

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        count = self._answer.readinto(buffer)
        while not count and self._left:
            self._answer.close()
            self._answer = self._service.receive(self._path, {"offset": self._done})
            count = self._answer.readinto(buffer)
        self._done += count
        self._left -= count
        self.digest.update(memoryview(buffer)[:count])
        return count

    def release(self) -> None:
        """Reads no more; the buffer around this may go on to be looked at."""
        self._answer.close()
