"""The door for jobs on other machines: TCP, on which they reach the sockets that jobs here have.

A connection begins with a line, `SKAFD-RELAY <service> <token>`, which is answered with one byte: `+`, and all that
follows goes to the service's socket and back, as it is; `-`, nobody listens there (yet); `!`, this is no token of a
job. The service checks the token again, with every request. All of it is in clear.
"""

from __future__ import annotations

import asyncio
import logging
import socket
from collections.abc import Coroutine
from contextlib import suppress
from pathlib import Path

from skafd.errors import Refused
from skafd.job_token import verify

log = logging.getLogger("skafd.jobs")

SERVICES = frozenset(("api", "data", "queue"))
GREETING = b"SKAFD-RELAY"
_WELCOME, _NOBODY, _REFUSED = b"+", b"-", b"!"
_LONGEST_LINE = 4096
_GREETING_SECONDS = 10.0
_PIECE_BYTES = 256 * 1024


class Relay:
    """One listener. Who has been let in stays until either side is gone."""

    def __init__(self, folder: Path, key: bytes) -> None:
        """`folder` holds the sockets."""
        self._folder = folder
        self._key = key
        self._open: set[asyncio.Task[None]] = set()

    async def serve(self, listener: socket.socket, stopping: asyncio.Event) -> None:
        """Answers until `stopping` is set."""
        server = await asyncio.start_server(self._accept, sock=listener, limit=_LONGEST_LINE)
        async with server:
            await stopping.wait()
        for task in list(self._open):
            task.cancel()

    def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.get_running_loop().create_task(self._relay(reader, writer))
        self._open.add(task)
        task.add_done_callback(self._open.discard)

    async def _relay(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        service: asyncio.StreamWriter | None = None
        try:
            path = await asyncio.wait_for(self._welcome(reader), _GREETING_SECONDS)
            answers, service = await _open(path, writer)
            await _both(_pass_on(reader, service), _pass_on(answers, writer))
        except Refused as error:
            writer.write(_REFUSED)
            log.warning("a job on another machine was not let in: %s", error.message)
        except (OSError, ValueError, TimeoutError):
            # Gone, silent, or without a line of sensible length: it tries again, or has no business here.
            return
        finally:
            for one in (writer, service):
                if one is not None:
                    one.close()

    async def _welcome(self, reader: asyncio.StreamReader) -> Path:
        """The socket that is asked for. Raises Refused, ValueError for a line without end."""
        words = (await reader.readline()).split()
        if len(words) != 3 or words[0] != GREETING:
            raise Refused("it did not say what it wants")
        name, token = words[1].decode("ascii", "replace"), words[2].decode("ascii", "replace")
        verify(token, self._key)
        if name not in SERVICES:
            raise Refused(f"there is no service {name!r}")
        return self._folder / f"{name}.sock"


async def _open(path: Path, writer: asyncio.StreamWriter) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
    try:
        found = await asyncio.open_unix_connection(str(path), limit=_PIECE_BYTES)
    except OSError:
        writer.write(_NOBODY)
        raise
    writer.write(_WELCOME)
    return found


async def _both(one: Coroutine[None, None, None], other: Coroutine[None, None, None]) -> None:
    """Until one has ended: neither side has anything to say to one that is gone."""
    tasks = [asyncio.ensure_future(one), asyncio.ensure_future(other)]
    try:
        await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


async def _pass_on(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    with suppress(OSError):
        while piece := await reader.read(_PIECE_BYTES):
            writer.write(piece)
            await writer.drain()
