"""`python -m skafd.addons.data.on_spark.program`: Spark's driver for queries, started and kept by the daemon.

It begins with skafd's rights, since the user of a cluster may not be able to read where skafd is installed; when all
that it needs is loaded, it becomes that user's, and then starts Java.
"""

from __future__ import annotations

import argparse
import codecs
import importlib
import json
import logging
import os
import shutil
import socket
import sys
import threading
import time
from contextlib import suppress
from pathlib import Path

from skafd.addons import own_process
from skafd.addons.connections import Connections
from skafd.addons.data.on_spark.session import Session
from skafd.addons.socket_for_jobs import listen_at
from skafd.machine.accounts import user_numbered
from skafd.sandbox.user import become

log = logging.getLogger("skafd.queries")

IDLE_SECONDS = 120.0
_ENCODINGS = ("ascii", "idna", "latin-1", "utf-8-sig")
_MODULES = (
    "numpy",
    "pandas",
    "pyarrow",
    "pyspark.cloudpickle",
    "pyspark.testing.utils",
    "pyspark.errors.exceptions.captured",
    "pyspark.sql.classic.column",
    "pyspark.sql.classic.dataframe",
    "pyspark.sql.observation",
    "pyspark.sql.utils",
)
"""Both are loaded when they are first needed, which is when that may not be possible any more."""
_LOOK_SECONDS = 1.0
_GONE = 70


class Program:
    """Answers questions until nobody has asked one for a while."""

    def __init__(self, listener: socket.socket) -> None:
        self._session = Session()
        self._last_used = time.monotonic()
        self._connections = Connections(listener, "queries", self._serve)

    def run(self, idle_seconds: float, ending: threading.Event) -> None:
        """Returns when it has ended, or should."""
        while not ending.wait(min(_LOOK_SECONDS, idle_seconds)):
            if not len(self._connections) and time.monotonic() - self._last_used > idle_seconds:
                break
        self._connections.refuse()
        while len(self._connections) and not ending.wait(_LOOK_SECONDS / 10):
            pass
        self._session.stop()

    def _serve(self, connection: socket.socket) -> None:
        """One question. A driver that cannot go on ends: it is started again, and whoever asked asks again."""
        with connection.makefile("rwb") as stream:

            def say(what: object) -> None:
                stream.write(json.dumps(what, default=str).encode() + b"\n")

            line = stream.readline()
            if not line.endswith(b"\n"):
                # Somebody has looked whether anybody answers.
                return
            try:
                self._session.answer(json.loads(line), say)
            except (BrokenPipeError, ConnectionResetError):
                raise
            except Exception:
                log.exception("ending, since Spark does not go on")
                os._exit(_GONE)
        self._last_used = time.monotonic()


def main() -> int:
    """Exit code 0 when nobody has asked for a while, or after SIGTERM."""
    parser = argparse.ArgumentParser(prog="skafd queries", description="Spark's driver for queries of tables.")
    parser.add_argument("--socket", type=Path, required=True)
    parser.add_argument("--scratch", type=Path, required=True)
    parser.add_argument("--idle-seconds", type=float, default=IDLE_SECONDS)
    parser.add_argument("--user", type=int, default=None)
    given = parser.parse_args()
    own_process.begin()
    ending = own_process.ending_by_signal()
    for name in _ENCODINGS:
        codecs.lookup(name)
    listener = listen_at(given.socket, 0o600)
    if given.user is not None:
        for name in _MODULES:
            # Spark does without some of them.
            with suppress(ImportError):
                importlib.import_module(name)
        become(user_numbered(given.user))
    # One that was killed could not clear up behind itself.
    shutil.rmtree(given.scratch, ignore_errors=True)
    given.scratch.mkdir()
    os.chdir(given.scratch)
    Program(listener).run(given.idle_seconds, ending)
    return 0


if __name__ == "__main__":
    sys.exit(main())
