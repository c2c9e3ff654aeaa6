"""The conversation with Spark's driver. One that is killed is started again, and asked again: queries only read.

A line of JSON each: the question; then the columns, blocks of rows and the word that this was all, or what went wrong.
What is answered is kept until it is complete, so that nobody hears the half of it.
"""

from __future__ import annotations

import json
import logging
import socket
import tempfile
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, closing
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

from skafd.addons.data.on_spark.place import socket_of
from skafd.errors import DaemonUnreachable, DataEngineError

log = logging.getLogger("skafd.data")

Start = Callable[[str], None]
"""Starts the service of that name, and returns when somebody answers there. Raises DaemonUnreachable, SkafdError."""
_MOST_DEATHS = 5
_IN_MEMORY_BYTES = 4 * 2**20
_TRIES = 3
"""To connect to one that was just started: it may be ending since nobody asked it anything."""


@dataclass(frozen=True, slots=True)
class Reply:
    """Everything that the driver has answered."""

    schema: Mapping[str, Any]
    """As Spark has it."""
    _lines: IO[bytes]

    def blocks(self) -> Iterator[list[list[Any]]]:
        """Values, row by row; once."""
        with self._lines as lines:
            for line in lines:
                yield json.loads(line)


class Drivers:
    """May be used from any thread."""

    def __init__(self, folder: Path, start: Start) -> None:
        """`folder`: where the sockets are."""
        self._folder = folder
        self._start = start

    def ask(self, service: str, question: Mapping[str, Any]) -> Reply:
        """Returns when the answer is complete. Raises DataEngineError with what Spark says, DaemonUnreachable."""
        text = json.dumps(question).encode() + b"\n"
        for number in range(_MOST_DEATHS):
            with closing(self._connect(service)) as connection:
                try:
                    connection.sendall(text)
                    return _read(connection)
                except (ConnectionError, EOFError):
                    log.warning("%s ended during a query, which is asked again (%d)", service, number + 1)
        raise DataEngineError(
            f"the query failed: Spark ended {_MOST_DEATHS} times while it worked on it",
            f"the log of the service {service} may say why: `skafd status`",
        )

    def _connect(self, service: str) -> socket.socket:
        path = str(socket_of(self._folder, service))
        for _ in range(_TRIES):
            connection = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
            try:
                connection.connect(path)
            except (FileNotFoundError, ConnectionRefusedError):
                connection.close()
                self._start(service)
            else:
                return connection
        raise DaemonUnreachable(f"the service {service} does not answer", "its log says more: `skafd status`")


def _read(connection: socket.socket) -> Reply:
    """Raises EOFError for an answer that ends early."""
    with connection.makefile("rb") as stream, ExitStack() as stack:
        head = _word(_line(stream))
        kept = stack.enter_context(tempfile.SpooledTemporaryFile(_IN_MEMORY_BYTES))
        while (line := _line(stream)).startswith(b"["):
            kept.write(line)
        _word(line)
        kept.seek(0)
        # Closed by who reads it.
        stack.pop_all()
        return Reply(head["schema"], kept)


def _line(stream: IO[bytes]) -> bytes:
    line = stream.readline()
    if not line.endswith(b"\n"):
        raise EOFError("the answer ended early")
    return line


def _word(line: bytes) -> dict[str, Any]:
    """What is no block of rows. Raises DataEngineError for an error."""
    said = dict(json.loads(line))
    if "error" in said:
        raise DataEngineError(said["error"])
    return said
