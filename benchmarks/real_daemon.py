"""The same tasks through skafd: the installed command and its daemon, with a state folder of its own."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import Any

import psutil

from benchmarks.work import ENTRYPOINT, LIMIT_MEMORY_BYTES, Timing

SKAFD = Path(sys.executable).with_name("skafd")

Json = dict[str, Any]


class RealDaemon:
    """A running daemon with two projects: `chain` and `together`."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._environment = {**os.environ, "SKAFD_HOME": str(folder / "state")}

    def start(self) -> None:
        """Starts the daemon."""
        self._skafd("up", "--detach")

    def up(self, length: int, count: int) -> None:
        """Deploys a chain of so many jobs, and a job of so many instances."""
        chain = [_job(number, after=number - 1 if number else None) for number in range(length)]
        self._write("chain", chain)
        self._write("together", [{**_job(0, after=None), "parallelism": count}])
        self._skafd("up", str(self.folder / "projects"), "--detach")

    def hand_over(self, folder: Path) -> None:
        """Deploys a project."""
        self._skafd("up", str(folder), "--detach")

    def processor_seconds(self) -> float:
        """Of the daemon, its launcher, and all supervisors and jobs that have ended so far."""
        daemon = psutil.Process(json.loads(self._skafd("status", "--json"))["daemon"]["pid"])
        return sum(sum(process.cpu_times()[:4]) for process in (daemon, *daemon.children()))

    def down(self) -> None:
        """Ends the daemon and whatever still runs."""
        self._skafd("down", "--jobs")

    def chain(self) -> list[Timing]:
        """One run of the chain, in its order."""
        attempts = [task["attempts"][0] for task in self.shown(self.run("chain"))["tasks"]]
        return sorted((_timing(Path(attempt["folder"])) for attempt in attempts), key=lambda timing: timing.exec_at)

    def together(self) -> float:
        """One run of the independent tasks; the seconds from its creation to its end."""
        summary = self.shown(self.run("together"))["summary"]
        return _seconds(summary["ended_at"]) - _seconds(summary["created_at"])

    def cgroup_parents(self) -> Mapping[str, str]:
        """Where skafd makes the cgroups of tasks: controller -> folder. Known after the first run."""
        claim = next(self.folder.glob("state/runs/*/*/*/*/claim"))
        folders: Mapping[str, str] = json.loads(claim.read_text())["cgroup"]["folders"]
        return {controller: str(Path(folder).parent) for controller, folder in folders.items()}

    def enforcement(self) -> str:
        """How the daemon enforces limits here."""
        return str(json.loads(self._skafd("status", "--json"))["daemon"]["enforcement"])

    def run(self, target: str) -> str:
        """Runs a project, or a job of it, to its end; returns what the run is called."""
        return self._skafd("run", *target.split("/"), "--wait").split()[0]

    def shown(self, run: str) -> Json:
        """All that skafd says of a run."""
        return dict(json.loads(self._skafd("show", run, "--json")))

    def _write(self, name: str, jobs: list[Json]) -> None:
        folder = self.folder / "projects" / name
        folder.mkdir(parents=True)
        # JSON is YAML too.
        (folder / "metis.config.yml").write_text(json.dumps({"name": name, "jobs": jobs}, indent=1))

    def _skafd(self, *arguments: str) -> str:
        done = subprocess.run(
            [str(SKAFD), *arguments],
            env=self._environment,
            check=False,
            capture_output=True,
            text=True,
            stdin=subprocess.DEVNULL,
        )
        if done.returncode:
            raise RuntimeError(
                f"`skafd {' '.join(arguments)}` ended with {done.returncode}:\n{done.stdout}{done.stderr}"
            )
        return done.stdout


@contextmanager
def running(length: int, count: int) -> Iterator[RealDaemon]:
    """A daemon with the two projects for the time of the measurement."""
    with running_empty() as daemon:
        daemon.up(length, count)
        yield daemon


@contextmanager
def running_empty() -> Iterator[RealDaemon]:
    """A daemon without projects for the time of the measurement; its folder is removed afterwards."""
    # Short: the path of a unix socket has at most 107 bytes.
    folder = Path(tempfile.mkdtemp(prefix="skafd-bench-", dir="/tmp"))
    daemon = RealDaemon(folder)
    try:
        daemon.start()
        yield daemon
    finally:
        daemon.down()
        shutil.rmtree(folder, ignore_errors=True)


def _job(number: int, after: int | None) -> Json:
    return {
        "name": f"job-{number:03d}",
        "entrypoint": ENTRYPOINT,
        "on_deploy": "wait",
        "dependencies": [] if after is None else [f"job-{after:03d}"],
        "resources": {"limits": {"memory": LIMIT_MEMORY_BYTES}},
    }


def _timing(attempt: Path) -> Timing:
    record = json.loads((attempt / "exit.json").read_text())
    return Timing(exec_at=record["started_at"], last_word_at=float((attempt / "log").read_text()))


def _seconds(instant: str) -> float:
    return datetime.fromisoformat(instant).timestamp()
