"""The files that Spark reads: spark-defaults.conf and spark-env.sh, of the cluster's own processes and of jobs."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from skafd.addons.spark.cluster import ADDRESS, Cluster
from skafd.model.limits import Limits
from skafd.model.spark import Share, SparkWish

DEFAULTS, ENVIRONMENT = "spark-defaults.conf", "spark-env.sh"
WORKER_TIMEOUT_SECONDS = 30
"""Twice as long as a busy machine may keep a worker from saying that it is alive; half of what Spark has itself."""
_HEAP = 0.6
"""Of a share: the rest is for Python processes, and for what Java has outside of its heap."""
_DRIVER_HEAP = 0.5
_MASTER_WITHIN_TENTHS = 1200
_MEBIBYTE = 2**20
_HEAP_OF_QUERIES = 0.59
"""Less than any job of that size asks for: what the worker for queries offers is too small for it."""
_LEAST_PARTITIONS = 4
QUERY_PROPERTIES = {
    # As Spark did when the Data Engine was made: a text that is no number is nothing, and no error.
    "spark.sql.ansi.enabled": "false",
    # That of no list is nothing, and not -1.
    "spark.sql.legacy.sizeOfNull": "false",
    "spark.sql.session.timeZone": "UTC",
    "spark.sql.parquet.datetimeRebaseModeInRead": "CORRECTED",
}
"""By which queries mean the same on any Spark."""
_PLAIN_OUTPUT = {"spark.ui.showConsoleProgress": "false"}
"""A log is no terminal, on which a bar could be drawn again and again."""


def of_cluster(cluster: Cluster, boot_id: str) -> dict[str, str]:
    """Files by name, for master, workers and the history view."""
    properties = {
        **_trust(cluster),
        # What was running goes on with a master that is started again; after a restart of the machine nothing was.
        "spark.deploy.recoveryMode": "FILESYSTEM",
        "spark.deploy.recoveryDirectory": str(cluster.folder / "recovery" / boot_id),
        "spark.deploy.spreadOutApps": "false",
        # The smallest worker that has room: a larger one is there for a larger job.
        "spark.deploy.workerSelectionPolicy": "MEMORY_FREE_ASC",
        "spark.worker.timeout": str(WORKER_TIMEOUT_SECONDS),
        "spark.master.rest.enabled": "false",
        # A port that somebody else has is an error: nobody would find the next one.
        "spark.port.maxRetries": "0",
        "spark.history.fs.logDirectory": cluster.events.as_uri(),
        "spark.history.ui.port": str(cluster.history_port),
    }
    return {DEFAULTS: _text(properties)}


def of_job(
    cluster: Cluster, share: Share, limits: Limits, wish: SparkWish, work: Path, has_log: bool
) -> dict[str, str]:
    """Files by name, for an attempt whose working folder is `work`. `has_log`: the history view will show it."""
    log = {"spark.eventLog.enabled": "true", "spark.eventLog.dir": cluster.events.as_uri()} if has_log else {}
    properties = {
        **_driver_memory(limits),
        # Modules beside the program are there for functions that executors run, as in the program itself.
        "spark.executorEnv.PYTHONPATH": str(work),
        **dict(wish.conf),
        # What follows has to be so: with an executor that no worker has room for, the program would wait for ever.
        "spark.master": cluster.master,
        **_trust(cluster),
        **_this_machine(),
        **log,
        "spark.cores.max": str(share.cores),
        "spark.executor.cores": str(share.cores),
        "spark.executor.memory": f"{int(share.memory_bytes * _HEAP) // _MEBIBYTE}m",
    }
    return {DEFAULTS: _text(properties), ENVIRONMENT: wait_for_master(cluster)}


def of_queries(cluster: Cluster, share: Share) -> dict[str, str]:
    """Files by name, for the driver that answers the Data Engine's queries."""
    properties = {
        **_driver_memory(Limits(memory_bytes=share.memory_bytes)),
        "spark.app.name": "skafd data engine",
        "spark.master": cluster.master,
        **_trust(cluster),
        **_this_machine(),
        "spark.eventLog.enabled": "true",
        "spark.eventLog.dir": cluster.events.as_uri(),
        "spark.cores.max": str(share.cores),
        "spark.executor.cores": str(share.cores),
        "spark.executor.memory": f"{heap_of_queries_mebibytes(share)}m",
        # Each project has a pool of its name: none waits for the long query of another.
        "spark.scheduler.mode": "FAIR",
        **QUERY_PROPERTIES,
        "spark.sql.shuffle.partitions": str(max(_LEAST_PARTITIONS, 2 * share.cores)),
    }
    return {DEFAULTS: _text(properties), ENVIRONMENT: wait_for_master(cluster)}


def heap_of_queries_mebibytes(share: Share) -> int:
    """What the executor for queries has as Java's heap, and its worker offers."""
    return int(share.memory_bytes * _HEAP_OF_QUERIES) // _MEBIBYTE


def of_job_elsewhere(limits: Limits, wish: SparkWish) -> dict[str, str]:
    """The same for a cluster that is there: what the config says, and nothing of how it is reached."""
    properties = {
        "spark.master": str(wish.master),
        "spark.ui.port": "0",
        **_PLAIN_OUTPUT,
        **_driver_memory(limits),
        **dict(wish.conf),
    }
    return {DEFAULTS: _text(properties)}


def wait_for_master(cluster: Cluster) -> str:
    """For spark-env.sh of whoever goes to the master: a job, a worker."""
    return (
        "# The master may be just starting; who asks too early asks again only after many seconds.\n"
        f"for _ in $(seq {_MASTER_WITHIN_TENTHS}); do\n"
        f"  (exec 3<>/dev/tcp/{ADDRESS}/{cluster.master_port}) 2>/dev/null && break\n"
        "  sleep 0.1\n"
        "done\n"
    )


def _trust(cluster: Cluster) -> dict[str, str]:
    return {"spark.authenticate": "true", "spark.authenticate.secret": cluster.secret}


def _this_machine() -> dict[str, str]:
    return {"spark.driver.host": ADDRESS, "spark.driver.bindAddress": ADDRESS, "spark.ui.port": "0", **_PLAIN_OUTPUT}


def _driver_memory(limits: Limits) -> dict[str, str]:
    if limits.memory_bytes is None:
        return {}
    return {"spark.driver.memory": f"{max(int(limits.memory_bytes * _DRIVER_HEAP), 512 * _MEBIBYTE) // _MEBIBYTE}m"}


def _text(properties: Mapping[str, str]) -> str:
    """As java.util.Properties reads it."""
    return "".join(f"{name} {_escaped(value)}\n" for name, value in properties.items())


def _escaped(value: str) -> str:
    return value.replace("\\", "\\\\").replace("\n", "\\n")
