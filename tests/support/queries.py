"""Spark's driver for queries, as the data engine talks to it, but with executors of its own."""

from __future__ import annotations

import fcntl
import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from types import TracebackType

import pytest

from skafd.addons.data.on_spark.place import service_of, socket_of
from skafd.addons.data.on_spark.reading import SparkAccess
from skafd.addons.spark.cluster import ADDRESS
from skafd.addons.spark.settings import QUERY_PROPERTIES
from skafd.files import write_whole
from tests.support.spark import PATIENCE_SECONDS, variables_of_spark

SERVICE = service_of(None)
_PROPERTIES = {
    "spark.master": "local[2]",
    "spark.driver.memory": "600m",
    "spark.driver.host": ADDRESS,
    "spark.driver.bindAddress": ADDRESS,
    "spark.ui.enabled": "false",
    "spark.sql.shuffle.partitions": "2",
    **QUERY_PROPERTIES,
}


class QueriesOnSpark:
    """Starts it when somebody asks for it, as the daemon does, and again when it has ended.

    Several processes of tests may use the same folder: then one of them starts the one that all use, and when that
    process is over, another one.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._process: subprocess.Popen[bytes] | None = None
        folder.mkdir(exist_ok=True)
        text = "".join(f"{name} {value}\n" for name, value in _PROPERTIES.items())
        # One that is just starting reads the whole of it.
        write_whole(folder / "spark-defaults.conf", text.encode())

    def access(self, tables: Path) -> SparkAccess:
        """What an engine is told; snapshots are put into the folder `tables`."""
        return SparkAccess(self.folder, tables, self._start)

    @property
    def pid(self) -> int:
        """Of the process that answers."""
        with closing(socket.socket(socket.AF_UNIX)) as probe:
            probe.connect(str(socket_of(self.folder, SERVICE)))
            credentials = probe.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, 12)
        return int.from_bytes(credentials[:4], sys.byteorder)

    def _start(self, service: str) -> None:
        assert service == SERVICE
        with self._alone():
            until = time.monotonic() + PATIENCE_SECONDS
            while not self._answers():
                if self._process is None or self._process.poll() is not None:
                    self._process = self._open()
                if time.monotonic() > until:
                    pytest.fail(f"the driver does not answer: {(self.folder / 'log').read_text()[-3000:]}")
                time.sleep(0.05)

    def _answers(self) -> bool:
        try:
            return self.pid > 0
        except OSError:
            return False

    @contextmanager
    def _alone(self) -> Iterator[None]:
        with (self.folder / "lock").open("w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            yield

    def _open(self) -> subprocess.Popen[bytes]:
        command = [sys.executable, "-m", "skafd.addons.data.on_spark.program"]
        command += ["--socket", str(socket_of(self.folder, SERVICE)), "--idle-seconds", "3600"]
        command += ["--scratch", str(self.folder / "scratch")]
        variables = {**os.environ, **variables_of_spark(self.folder), "TZ": "UTC"}
        with (self.folder / "log").open("ab") as log:
            return subprocess.Popen(command, env=variables, stdout=log, stderr=log, cwd=Path.cwd())

    def __enter__(self) -> QueriesOnSpark:
        return self

    def __exit__(self, *_: type[BaseException] | BaseException | TracebackType | None) -> None:
        if self._process is not None:
            self._process.terminate()
            self._process.wait()
