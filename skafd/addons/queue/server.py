"""The broker on its socket: one thread for all connections, one for the disk."""

from __future__ import annotations

import asyncio
import time
from pathlib import Path

from skafd.addons.queue.broker import Broker
from skafd.addons.queue.connection import Connection
from skafd.addons.queue.ledger import Ledger
from skafd.addons.socket_for_jobs import listen_for_jobs

_LOOK_SECONDS = 1.0
DATABASE = "queue.db"


async def serve(folder: Path, path: Path, key: bytes, idle_seconds: float, ending: asyncio.Event) -> None:
    """Until `ending` is set, or nobody was connected for so long. Raises OSError, sqlite3.Error at the start."""
    loop = asyncio.get_running_loop()
    ledger = Ledger(folder / DATABASE, loop.call_soon_threadsafe)
    connections: set[Connection] = set()
    broker = Broker(ledger, _now_ms)
    listener = listen_for_jobs(path)
    listener.setblocking(False)
    server = await loop.create_unix_server(lambda: Connection(broker, ledger, key, connections), sock=listener)
    await _wait(ending, connections, idle_seconds)
    path.unlink(missing_ok=True)
    server.close()
    for connection in list(connections):
        connection.close()
    while connections:
        # What they held goes back to their queues first, and is written.
        await asyncio.sleep(0)
    ledger.close()


async def _wait(ending: asyncio.Event, connections: set[Connection], idle_seconds: float) -> None:
    last_used = time.monotonic()
    while not ending.is_set() and time.monotonic() - last_used < idle_seconds:
        try:
            await asyncio.wait_for(ending.wait(), min(_LOOK_SECONDS, idle_seconds))
        except TimeoutError:
            last_used = time.monotonic() if connections else last_used


def _now_ms() -> int:
    return time.time_ns() // 1_000_000
