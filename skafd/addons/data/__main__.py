"""`python -m skafd.addons.data --home DIR`: the data engine of one state folder, started and kept by the daemon."""

from __future__ import annotations

import argparse
import sys
import threading
from functools import partial
from pathlib import Path

from skafd.addons import own_process
from skafd.addons.data.asking_daemon import start_service
from skafd.addons.data.embedded import EmbeddedEngine
from skafd.addons.data.names import Names
from skafd.addons.data.on_spark.reading import SparkAccess
from skafd.addons.data.server import DataServer
from skafd.errors import SkafdError
from skafd.home import Home
from skafd.job_token import load_key

IDLE_SECONDS = 900.0


def main() -> int:
    """Exit code 0 when nobody has asked anything for a while, or after SIGTERM."""
    parser = argparse.ArgumentParser(prog="skafd data engine", description="The tables of all projects.")
    parser.add_argument("--home", type=Path, required=True)
    parser.add_argument("--memory-bytes", type=int, default=None)
    parser.add_argument("--idle-seconds", type=float, default=IDLE_SECONDS)
    given = parser.parse_args()
    own_process.begin()
    ending = own_process.ending_by_signal()
    try:
        _serve(Home(given.home.absolute()), given.memory_bytes, given.idle_seconds, ending)
    except (SkafdError, OSError) as error:
        print(f"skafd data engine: {error}", file=sys.stderr)
        return 1
    return 0


def _serve(home: Home, memory_bytes: int | None, idle_seconds: float, ending: threading.Event) -> None:
    names = Names(home)
    spark = SparkAccess(home.queries, home.queries / "tables", partial(start_service, home.api_socket))
    engine = EmbeddedEngine(home.data, names.find, memory_bytes, spark=spark)
    server = DataServer(home.data_socket, engine, names, load_key(home.job_token_key))
    while not ending.wait(min(1.0, idle_seconds)) and server.idle_seconds() < idle_seconds:
        pass
    server.close()
    engine.close()


if __name__ == "__main__":
    sys.exit(main())
