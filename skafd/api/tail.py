"""Reading a growing file in pieces, from the last lines on."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

BLOCK_BYTES = 256 * 1024
LONGEST_LINE_BYTES = 64 * 1024
"""A longer line is passed on in pieces, so that it is never held whole."""


class LogReader:
    """What one log holds and will hold. Keeps the place it has reached, not the file."""

    def __init__(self, path: Path, prefix: bytes = b"") -> None:
        self._path = path
        self._prefix = prefix
        self._offset = 0
        self._rest = b""

    def skip_to_last(self, lines: int) -> None:
        """Goes to where the last `lines` lines begin."""
        try:
            with self._path.open("rb") as stream:
                self._offset = _start_of_last(stream.fileno(), lines)
        except FileNotFoundError:
            self._offset = 0

    def has_more(self) -> bool:
        """There are bytes that were not read."""
        try:
            return self._path.stat().st_size != self._offset
        except FileNotFoundError:
            return False

    def read(self) -> bytes:
        """The next block, whole lines with the prefix when there is one; empty at the end."""
        try:
            with self._path.open("rb") as stream:
                # A log that reached its cap is replaced by a shorter one: head, mark and tail.
                self._offset = min(self._offset, os.fstat(stream.fileno()).st_size)
                block = os.pread(stream.fileno(), BLOCK_BYTES, self._offset)
        except FileNotFoundError:
            return b""
        self._offset += len(block)
        return self._with_prefix(block) if self._prefix else block

    def close(self) -> bytes:
        """The last line when it has no end."""
        rest, self._rest = self._rest, b""
        return self._prefix + rest + b"\n" if rest else b""

    def _with_prefix(self, block: bytes) -> bytes:
        *lines, self._rest = (self._rest + block).split(b"\n")
        text = b"".join(self._prefix + line + b"\n" for line in lines)
        if len(self._rest) > LONGEST_LINE_BYTES:
            text += self.close()
        # Nothing but an unfinished line came: read on, since empty means the end.
        return text or (self.read() if block else b"")


def _start_of_last(descriptor: int, lines: int) -> int:
    size = os.fstat(descriptor).st_size
    if lines <= 0 or not size:
        return size
    # The newline that ends the last line begins no other.
    wanted = lines + (os.pread(descriptor, 1, size - 1) == b"\n")
    for start, block in _blocks_backwards(descriptor, size):
        found = block.count(b"\n")
        if found >= wanted:
            return start + _nth_from_end(block, wanted) + 1
        wanted -= found
    return 0


def _blocks_backwards(descriptor: int, size: int) -> Iterator[tuple[int, bytes]]:
    end = size
    while end:
        start = max(0, end - BLOCK_BYTES)
        yield start, os.pread(descriptor, end - start, start)
        end = start


def _nth_from_end(block: bytes, number: int) -> int:
    place = len(block)
    for _ in range(number):
        place = block.rindex(b"\n", 0, place)
    return place
