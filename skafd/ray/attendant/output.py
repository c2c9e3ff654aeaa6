"""What arrives of a job's output: its log goes on to ours, what it publishes goes into `$SKAFD_OUTPUT`."""

import base64
import os
from typing import IO


class Output:
    """Takes text in pieces of any length, from the beginning again after each break."""

    def __init__(self, log: "IO[bytes]", mark: str, published: str) -> None:
        """`mark` begins the lines that are no log; `published` is the file for what they say."""
        self._log = log
        self._mark = mark
        self._published = published
        self.taken = 0
        """Characters."""
        self._position = 0
        self._line = ""
        self._pieces = ""

    def begin_again(self) -> None:
        """What comes now is the first that the job printed: what was taken of it is passed over."""
        self._position = 0

    def take(self, text: str) -> None:
        """Some more."""
        known = max(0, self.taken - self._position)
        self._position += len(text)
        fresh = text[known:]
        self.taken += len(fresh)
        for line in fresh.splitlines(keepends=True):
            self._line += line
            if line.endswith("\n") or not self._may_be_ours():
                self._end_line()
        self._log.flush()

    def end(self) -> None:
        """Nothing follows."""
        self._end_line()
        self._log.flush()

    def _may_be_ours(self) -> bool:
        return self._line.startswith(self._mark[: len(self._line)])

    def _end_line(self) -> None:
        line, self._line = self._line, ""
        if not line.startswith(self._mark):
            self._log.write(line.encode("utf-8", "replace"))
        elif line[len(self._mark) :].startswith("+"):
            self._pieces += line[len(self._mark) + 1 :].strip()
        else:
            self._publish()

    def _publish(self) -> None:
        # Written in place: where jobs run as another user only the file itself is theirs.
        with open(self._published, "wb") as file:
            file.write(base64.b64decode(self._pieces))
            os.fsync(file.fileno())
