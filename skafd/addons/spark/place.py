"""Master, workers and history view as services: what is started, by Spark's own `spark-class`."""

from __future__ import annotations

import os
import re
import tempfile
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

from skafd.addons.program import ServiceProgram
from skafd.addons.spark.cluster import ADDRESS, Cluster, open_cluster
from skafd.addons.spark.installation import Installation, find_installation
from skafd.addons.spark.settings import ENVIRONMENT, heap_of_queries_mebibytes, of_cluster, wait_for_master
from skafd.addons.spark.workers import Worker, worker_named
from skafd.errors import Refused
from skafd.home import Home
from skafd.machine.accounts import user_numbered
from skafd.machine.java import find_java, how_to_install
from skafd.sandbox.user import User, give

MASTER, HISTORY = "master", "history"
_NAME = re.compile(r"spark(?:-u(\d+))?-(.+)")
_DAEMON_HEAP = "256m"
_SMALL_JAVA = "-XX:+UseSerialGC -XX:TieredStopAtLevel=1"
"""For what does little: starts sooner and takes less."""
OVERHEAD_BYTES = 512 * 2**20
"""What a worker needs besides its executor; and master and history view need no more."""
_PROCESSES = 8192
_HISTORY_IDLE_SECONDS = 1800.0
_SCRATCH_ANEW = 'rm -rf "$SPARK_LOCAL_DIRS" && mkdir -p "$SPARK_LOCAL_DIRS" && exec "$@"'
"""An executor that was killed could not clear up behind itself."""
InUse = Callable[[str], bool]


@dataclass(frozen=True, slots=True)
class SparkServices:
    """Makes the programs; a part of `Programs`."""

    home: Home
    boot_id: str
    idle_seconds: float
    """How long a worker, and after the last one the master, waits for another job."""
    is_in_use: InUse
    """Asked with the name of a service."""

    def make(self, name: str) -> ServiceProgram | None:
        """The program of that name; None for what is not Spark's. Raises Refused without Java or skafd[spark]."""
        match = _NAME.fullmatch(name)
        if match is None:
            return None
        user = None if match[1] is None else user_numbered(int(match[1]))
        worker = worker_named(match[2])
        if worker is not None:
            return self._worker(name, open_cluster(self.home, user), worker)
        makers = {MASTER: self._master, HISTORY: self._history}
        return makers[match[2]](name, open_cluster(self.home, user)) if match[2] in makers else None

    def _master(self, name: str, cluster: Cluster) -> ServiceProgram:
        port, ui = str(cluster.master_port), str(cluster.ui_port)
        arguments = ("org.apache.spark.deploy.master.Master", "--host", ADDRESS, "--port", port, "--webui-port", ui)
        return self._program(name, cluster, arguments, url=cluster.ui, idle_seconds=self.idle_seconds)

    def _history(self, name: str, cluster: Cluster) -> ServiceProgram:
        arguments = ("org.apache.spark.deploy.history.HistoryServer",)
        return self._program(name, cluster, arguments, url=cluster.history, idle_seconds=_HISTORY_IDLE_SECONDS)

    def _worker(self, name: str, cluster: Cluster, worker: Worker) -> ServiceProgram:
        offered = heap_of_queries_mebibytes(worker.share) if worker.is_for_queries else worker.memory_mebibytes
        arguments = (
            "org.apache.spark.deploy.worker.Worker",
            *("--host", ADDRESS, "--webui-port", "0"),
            *("-c", str(worker.cores), "-m", f"{offered}m"),
            *("--work-dir", str(cluster.folder / "work" / worker.name), cluster.master),
        )
        variables = {"SPARK_LOCAL_DIRS": str(cluster.folder / "scratch" / worker.name)}
        return self._program(name, cluster, arguments, variables, worker, idle_seconds=self.idle_seconds)

    def _program(
        self,
        name: str,
        cluster: Cluster,
        arguments: tuple[str, ...],
        variables: Mapping[str, str] | None = None,
        worker: Worker | None = None,
        *,
        url: str | None = None,
        idle_seconds: float,
    ) -> ServiceProgram:
        spark = find_installation(self.home)
        command = (str(spark.spark_class), *arguments)
        return ServiceProgram(
            name,
            ("/bin/sh", "-c", _SCRATCH_ANEW, "sh", *command) if worker else command,
            {**self._variables(spark, cluster, worker), **(variables or {})},
            memory_bytes=OVERHEAD_BYTES + (worker.share.memory_bytes if worker else 0),
            cpu=float(worker.cores) if worker else None,
            idle_seconds=idle_seconds,
            is_in_use=lambda: self.is_in_use(name),
            secrets=(cluster.secret,),
            user=cluster.user,
            url=url,
            processes=_PROCESSES,
        )

    def _variables(self, spark: Installation, cluster: Cluster, worker: Worker | None) -> dict[str, str]:
        files = of_cluster(cluster, self.boot_id)
        if worker is not None:
            files |= {ENVIRONMENT: wait_for_master(cluster)}
        folder = cluster.folder / ("conf-worker" if worker else "conf")
        write_settings(folder, files, cluster.user)
        return {
            "PATH": os.environ.get("PATH", os.defpath),
            "TZ": "UTC",
            "LANG": "C.UTF-8",
            "SPARK_CONF_DIR": str(folder),
            "SPARK_DAEMON_MEMORY": _DAEMON_HEAP,
            "SPARK_DAEMON_JAVA_OPTS": _SMALL_JAVA,
            **spark_variables(spark.spark_home),
        }


def spark_variables(spark_home: Path) -> dict[str, str]:
    """What every process of Spark's on this machine is told. Raises Refused without Java."""
    java = find_java()
    if java is None:
        raise Refused("Spark needs Java 17 or later, and there is none", how_to_install())
    return {
        "SPARK_HOME": str(spark_home),
        "JAVA_HOME": str(java.home),
        "SPARK_LOCAL_IP": ADDRESS,
        "SPARK_LAUNCHER_OPTS": _SMALL_JAVA,
    }


def write_settings(folder: Path, files: Mapping[str, str], user: User | None) -> None:
    """For that user alone to read: there is a secret in them. Others may pass through the folder. Raises OSError."""
    folder.mkdir(exist_ok=True)
    folder.chmod(0o711)
    for name, text in files.items():
        if _text_of(folder / name) == text:
            continue
        # Anybody may ask for this at the same time.
        descriptor, unfinished = tempfile.mkstemp(prefix=f".{name}.", dir=folder)
        with os.fdopen(descriptor, "w") as stream:
            stream.write(text)
        Path(unfinished).chmod(0o400)
        give(unfinished, user)
        Path(unfinished).rename(folder / name)


def _text_of(path: Path) -> str | None:
    try:
        return path.read_text()
    except OSError:
        return None
