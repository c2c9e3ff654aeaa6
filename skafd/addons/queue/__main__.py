"""`python -m skafd.addons.queue --home DIR`: the broker of one state folder, started and kept by the daemon."""

from __future__ import annotations

import argparse
import asyncio
import signal
import sqlite3
import sys
from pathlib import Path

from skafd.addons import own_process
from skafd.addons.queue.server import serve
from skafd.errors import SkafdError
from skafd.home import Home
from skafd.job_token import load_key

IDLE_SECONDS = 900.0
SWITCH_SECONDS = 0.0002
"""The thread of the disk and that of the connections hand work to each other for each message."""


def main() -> int:
    """Exit code 0 when nobody was connected for a while, or after SIGTERM."""
    parser = argparse.ArgumentParser(prog="skafd queue broker", description="The queues of all projects.")
    parser.add_argument("--home", type=Path, required=True)
    parser.add_argument("--idle-seconds", type=float, default=IDLE_SECONDS)
    given = parser.parse_args()
    own_process.begin()
    sys.setswitchinterval(SWITCH_SECONDS)
    try:
        asyncio.run(_serve(Home(given.home.absolute()), given.idle_seconds))
    except (SkafdError, OSError, sqlite3.Error) as error:
        print(f"skafd queue broker: {error}", file=sys.stderr)
        return 1
    return 0


async def _serve(home: Home, idle_seconds: float) -> None:
    ending = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, ending.set)
    await serve(home.queue, home.queue_socket, load_key(home.job_token_key), idle_seconds, ending)


if __name__ == "__main__":
    sys.exit(main())
