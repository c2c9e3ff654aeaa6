"""Spark's driver for queries as a service of the cluster: one for all projects of a user, as the cluster is."""

from __future__ import annotations

import os
import re
from dataclasses import dataclass
from pathlib import Path

from skafd.addons.program import ServiceProgram, python_program
from skafd.addons.spark.cluster import Cluster, open_cluster, prefix_of
from skafd.addons.spark.installation import find_installation
from skafd.addons.spark.place import OVERHEAD_BYTES, spark_variables, write_settings
from skafd.addons.spark.settings import of_queries
from skafd.home import Home
from skafd.machine.accounts import user_numbered
from skafd.model.limits import Capacity
from skafd.model.spark import Share, share_of_queries
from skafd.sandbox.user import User

QUERIES = "queries"
_NAME = re.compile(rf"spark(?:-u(\d+))?-{QUERIES}")
_LEAST_CORES = 2
"""A Java that begins on one takes twice as long."""
_PROCESSES = 4096


def service_of(user: User | None) -> str:
    """The service that answers queries of that user's projects."""
    return f"{prefix_of(user)}-{QUERIES}"


def is_of_queries(name: str) -> bool:
    """It is such a service."""
    return _NAME.fullmatch(name) is not None


def user_of(name: str) -> User | None:
    """Whose projects such a service answers; None for skafd's own."""
    match = _NAME.fullmatch(name)
    return user_numbered(int(match[1])) if match and match[1] else None


def socket_of(folder: Path, name: str) -> Path:
    """Where it answers the data engine."""
    return folder / f"{name}.sock"


@dataclass(frozen=True, slots=True)
class QueriesService:
    """Makes the program; a part of `Programs`."""

    home: Home
    capacity: Capacity
    idle_seconds: float
    """How long it waits for another query."""

    def make(self, name: str) -> ServiceProgram | None:
        """The program of that name; None for what is another's. Raises Refused without Java or skafd[spark]."""
        if not is_of_queries(name):
            return None
        user = user_of(name)
        cluster, share = open_cluster(self.home, user), share_of_queries(self.capacity)
        socket = socket_of(self.home.queries, name)
        # It becomes the user's when it has loaded what that user may not be able to read.
        arguments = ["--socket", str(socket), "--idle-seconds", str(self.idle_seconds)]
        arguments += ["--scratch", str(cluster.folder / "scratch" / QUERIES)]
        arguments += ["--user", str(user.uid)] if user else []
        return ServiceProgram(
            name,
            python_program("skafd.addons.data.on_spark.program", *arguments),
            self._variables(cluster, share),
            socket=socket,
            memory_bytes=OVERHEAD_BYTES + share.memory_bytes,
            cpu=float(max(_LEAST_CORES, share.cores)),
            secrets=(cluster.secret,),
            processes=_PROCESSES,
        )

    def _variables(self, cluster: Cluster, share: Share) -> dict[str, str]:
        folder = cluster.folder / f"conf-{QUERIES}"
        write_settings(folder, of_queries(cluster, share), cluster.user)
        spark = find_installation(self.home)
        return {
            "PATH": os.environ.get("PATH", os.defpath),
            "PYTHONPATH": str(spark.packages),
            "PYTHONUNBUFFERED": "1",
            "TZ": "UTC",
            "LANG": "C.UTF-8",
            "SPARK_CONF_DIR": str(folder),
            "SPARK_LOCAL_DIRS": str(cluster.folder / "scratch" / QUERIES),
            **spark_variables(spark.spark_home),
        }
