"""A thousand jobs due in the same second: how long until the last of them is exec'ed, beside a bare loop.

The bare loop forks, makes a control group and executes as many no-ops, one after another, as fast as it can: without
supervisors, working folders, logs, a database. What it takes is the floor on this machine, with this load.

python benchmarks/storm.py [--jobs N] [--json]
"""

from __future__ import annotations

import argparse
import json
import os
import sys
import time
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path
from statistics import quantiles
from typing import Any

if __name__ == "__main__":
    sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from benchmarks.real_daemon import RealDaemon, running_empty

WANTED_SECONDS = 4.0
NO_OP = "/bin/true"
_PATIENCE_SECONDS = 300.0


def floor(count: int, parents: Mapping[str, str]) -> float:
    """Seconds for so many bare forks, control groups and execs."""
    began = time.monotonic()
    for number in range(count):
        groups = [Path(parent) / f"skafd-floor-{number}" for parent in parents.values()]
        for group in groups:
            group.mkdir()
        pid = os.fork()
        if pid == 0:
            try:
                for group in groups:
                    (group / "cgroup.procs").write_text(str(os.getpid()))
                os.execv(NO_OP, [NO_OP])
            finally:
                os._exit(127)
        os.waitpid(pid, 0)
        for group in groups:
            group.rmdir()
    return time.monotonic() - began


def storm(daemon: RealDaemon, jobs: int) -> tuple[list[float], float]:
    """Deploys jobs that are all due at the same minute.

    The seconds from then until each was exec'ed, ascending; and the processor time of all that followed.
    """
    folder = daemon.folder / "projects" / "storm"
    folder.mkdir(parents=True)
    due = _write(folder, jobs)
    daemon.hand_over(folder)
    if datetime.now(UTC) > due - timedelta(seconds=2):
        raise RuntimeError(f"the deployment of {jobs} jobs took longer than a minute")
    used_before = daemon.processor_seconds()
    deadline = due.timestamp() + _PATIENCE_SECONDS
    found: dict[Path, float] = {}
    while len(found) < jobs and time.time() < deadline:
        time.sleep(1)
        for path in (daemon.folder / "state" / "runs" / "storm").glob("*/*/*/exit.json"):
            if path not in found:
                found[path] = json.loads(path.read_text())["started_at"] - due.timestamp()
    if len(found) < jobs:
        raise RuntimeError(f"only {len(found)} of {jobs} jobs have ended")
    return sorted(found.values()), daemon.processor_seconds() - used_before


def _write(folder: Path, jobs: int) -> datetime:
    """The config; returns when its jobs are due: at least a minute from now, so that it is live by then."""
    due = datetime.now(UTC).replace(second=0, microsecond=0) + timedelta(minutes=2)
    cron = f"{due.minute} {due.hour} {due.day} {due.month} *"
    listed = [{"name": f"job-{n:04d}", "entrypoint": NO_OP, "schedule": cron} for n in range(jobs)]
    # JSON is YAML too.
    (folder / "metis.config.yml").write_text(json.dumps({"name": "storm", "jobs": listed}, indent=1))
    return due


def measure(jobs: int) -> dict[str, Any]:
    """One storm, and the floor before and after it."""
    with running_empty() as daemon:
        seconds, used = storm(daemon, jobs)
        parents = daemon.cgroup_parents()
        began = os.times()
        lowest = floor(jobs, parents)
        ended = os.times()
    cuts = quantiles(seconds, n=100) if len(seconds) > 1 else seconds * 99
    return {
        "jobs": jobs,
        "cpus": os.cpu_count(),
        "load": round(os.getloadavg()[0], 1),
        "first": round(seconds[0], 2),
        "p50": round(cuts[49], 2),
        "all": round(seconds[-1], 2),
        "floor": round(lowest, 2),
        "processor_ms_per_job": round(1000 * used / jobs, 1),
        "processor_ms_per_job_of_floor": round(1000 * (sum(ended[:4]) - sum(began[:4])) / jobs, 1),
        "wanted": WANTED_SECONDS,
    }


def main() -> int:
    """Prints what was measured; 1 where the last job was exec'ed later than promised."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--jobs", type=int, default=1000)
    parser.add_argument("--json", action="store_true")
    given = parser.parse_args()
    found = measure(given.jobs)
    if given.json:
        print(json.dumps(found))
    else:
        print(
            f"{found['jobs']} jobs due in one second: the first exec'ed after {found['first']} s, half after "
            f"{found['p50']} s, all after {found['all']} s (wanted: {WANTED_SECONDS:g} s)\n"
            f"bare fork, control group and exec of as many, one by one: {found['floor']} s "
            f"({found['cpus']} cpus, load {found['load']})\n"
            f"processor time of a job, all processes: {found['processor_ms_per_job']} ms; "
            f"of the bare loop: {found['processor_ms_per_job_of_floor']} ms"
        )
    return 0 if found["all"] <= WANTED_SECONDS else 1


if __name__ == "__main__":
    sys.exit(main())
