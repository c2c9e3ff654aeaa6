"""How long a pyspark program waits for session and first result: through skafd, and on a cluster started by hand.

Both use the same pyspark, the same Java and an executor of the same size. Cold: nothing runs, so master and worker are
counted too. Warm: they run already. Each round does all four, one after another.

    python -m benchmarks.spark [--rounds N] [--json]
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import socket
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from benchmarks.real_daemon import RealDaemon, running_empty
from skafd.addons.spark.cluster import ADDRESS, free_ports
from skafd.addons.spark.installation import Installation, install_pyspark
from skafd.addons.spark.place import spark_variables
from skafd.api.client import Client
from skafd.home import Home
from skafd.machine.capacity import read_capacity
from skafd.model.limits import Limits
from skafd.model.spark import SparkWish, cluster_room, share_of

GOALS = {"cold": 1.3, "warm": 1.1}
_PATIENCE_SECONDS = 170.0
_PROGRAM = """\
import json, os, time
from pyspark.sql import SparkSession
spark = SparkSession.builder.getOrCreate()
ready = time.time()
assert spark.range(1000).count() == 1000
with open(os.environ["TIMES"] + ".new", "w") as stream:
    json.dump([ready, time.time()], stream)
os.replace(os.environ["TIMES"] + ".new", os.environ["TIMES"])
spark.stop()
"""


@dataclass(frozen=True, slots=True)
class Taken:
    """Seconds from the request until each was there."""

    session: float
    result: float


class ByHand:
    """Master and worker from `spark-class`, and the program by Python."""

    def __init__(self, folder: Path, spark: Installation) -> None:
        self._folder = folder
        self._spark = spark
        self._times = folder / "times"
        self._program = folder / "job.py"
        self._program.write_text(_PROGRAM)
        (folder / "conf").mkdir()
        self._variables = {
            **os.environ,
            **spark_variables(spark.spark_home),
            "SPARK_CONF_DIR": str(folder / "conf"),
            "PYTHONPATH": str(spark.packages),
            "TIMES": str(self._times),
        }
        del self._variables["SPARK_LAUNCHER_OPTS"]

    @contextmanager
    def cluster(self) -> Iterator[None]:
        """One that is there; the program finds it."""
        share = share_of(Limits(), SparkWish(), cluster_room(read_capacity()))
        (port,) = free_ports(1)
        master = f"spark://{ADDRESS}:{port}"
        (self._folder / "conf" / "spark-defaults.conf").write_text(
            f"spark.master {master}\nspark.driver.host {ADDRESS}\nspark.driver.bindAddress {ADDRESS}\n"
            f"spark.cores.max {share.cores}\nspark.executor.memory {int(share.memory_bytes * 0.6) // 2**20}m\n"
        )
        memory = f"{share.memory_bytes // 2**20}m"
        processes = [self._start("master.Master", "--host", ADDRESS, "--port", str(port), "--webui-port", "0")]
        try:
            _wait_for_port(port)
            processes.append(
                self._start("worker.Worker", "--host", ADDRESS, "-c", str(share.cores), "-m", memory, master)
            )
            yield
        finally:
            for process in processes:
                process.terminate()
                process.wait()

    def run(self, since: float) -> Taken:
        """The program, timed from `since`."""
        subprocess.run(
            [sys.executable, str(self._program)], env=self._variables, check=True, capture_output=True, cwd=self._folder
        )
        return _read(self._times, since)

    def _start(self, name: str, *arguments: str) -> subprocess.Popen[bytes]:
        command = [str(self._spark.spark_class), f"org.apache.spark.deploy.{name}", *arguments]
        with (self._folder / "cluster.log").open("ab") as log:
            return subprocess.Popen(command, env=self._variables, stdout=log, stderr=log, cwd=self._folder)


class ThroughSkafd:
    """The same program as a job."""

    def __init__(self, daemon: RealDaemon) -> None:
        self._times = daemon.folder / "times"
        project = daemon.folder / "spark"
        project.mkdir()
        (project / "job.py").write_text(_PROGRAM)
        (project / "metis.config.yml").write_text(
            f"name: spark\nadd-ons: [{{name: spark-cluster}}]\nenv: {{TIMES: {self._times}}}\n"
            "jobs:\n  - {name: job, entrypoint: job.py, on_deploy: wait}\n"
        )
        daemon.hand_over(project)
        self._client = Client(daemon.folder / "state" / "api.sock")

    def run(self) -> Taken:
        """A run, timed from the request for it."""
        self._times.unlink(missing_ok=True)
        since = time.time()
        run = str(self._client.start_run("spark")["summary"]["run"])
        _wait_until(lambda: self._client.run(run)["summary"]["ended_at"])
        return _read(self._times, since)

    def end_cluster(self) -> None:
        """As if nobody had used it for a while."""
        for service in self._client.services():
            if service["name"].startswith("spark-"):
                self._client.stop_service(service["name"])
        _wait_until(lambda: not self._client.status()["services"])


def measure(rounds: int) -> dict[str, dict[str, list[Taken]]]:
    """By temperature and by who did it."""
    found: dict[str, dict[str, list[Taken]]] = {each: {"by hand": [], "skafd": []} for each in GOALS}
    folder = Path(tempfile.mkdtemp(prefix="skafd-spark-", dir="/tmp"))
    try:
        with running_empty() as daemon:
            skafd = ThroughSkafd(daemon)
            by_hand = ByHand(folder, install_pyspark(Home(daemon.folder / "state")))
            for _ in range(rounds):
                since = time.time()
                with by_hand.cluster():
                    found["cold"]["by hand"].append(by_hand.run(since))
                    found["warm"]["by hand"].append(by_hand.run(time.time()))
                found["cold"]["skafd"].append(skafd.run())
                found["warm"]["skafd"].append(skafd.run())
                skafd.end_cluster()
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    return found


def main() -> int:
    """Prints the medians beside each other; 0 whatever they are."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--json", action="store_true")
    given = parser.parse_args()
    found = measure(given.rounds)
    load = os.getloadavg()[0]
    if given.json:
        print(json.dumps({"load": load, **{each: _medians(found[each]) for each in found}}))
        return 0
    print(f"Spark, {given.rounds} rounds, load {load:.1f}: seconds until the session is ready, until the first result")
    for temperature, goal in GOALS.items():
        medians = _medians(found[temperature])
        for who, (session, result) in medians.items():
            print(f"  {temperature}  {who:<8} {session:6.1f} {result:6.1f}")
        ratio = medians["skafd"][0] / medians["by hand"][0]
        print(f"  {temperature}  session, skafd / by hand: {ratio:.2f}  (goal {goal})")
    return 0


def _medians(taken: dict[str, list[Taken]]) -> dict[str, tuple[float, float]]:
    return {
        who: (statistics.median(one.session for one in each), statistics.median(one.result for one in each))
        for who, each in taken.items()
    }


def _read(times: Path, since: float) -> Taken:
    ready, result = json.loads(times.read_text())
    return Taken(ready - since, result - since)


def _wait_for_port(port: int) -> None:
    def answers() -> bool:
        with socket.socket() as probe:
            return probe.connect_ex((ADDRESS, port)) == 0

    _wait_until(answers)


def _wait_until(condition: Callable[[], object]) -> None:
    deadline = time.monotonic() + _PATIENCE_SECONDS
    while not condition():
        if time.monotonic() > deadline:
            raise RuntimeError("Spark did not get to it")
        time.sleep(0.05)


if __name__ == "__main__":
    sys.exit(main())
