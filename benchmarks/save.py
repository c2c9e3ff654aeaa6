"""How long a save takes until it is live, and what the daemon takes when nothing happens: memory and wake-ups.

`examples/hello` is saved again and again, as an editor does: written, closed. Until the daemon has made it live, it
waits for the save to be over, takes a snapshot, reads and validates it, finds the environment, and commits.

    python benchmarks/save.py [--saves N] [--idle-seconds N] [--json]
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import statistics
import sys
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

if __name__ == "__main__":
    sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from benchmarks.real_daemon import RealDaemon, running_empty
from skafd.api.client import Client

HELLO = Path(__file__).resolve().parent.parent / "examples" / "hello"
GOALS = {"save_p50_ms": 250.0, "daemon_resident_mb": 64.0, "wake_ups": 0.0}
_PATIENCE_SECONDS = 120.0


@dataclass(frozen=True, slots=True)
class Idle:
    """What processes take while nothing happens."""

    seconds: float
    resident_mb: float
    """Of the daemon: all its pages."""
    others_mb: float
    """Of the launcher and the supervisor that waits: each page divided by those who share it."""
    wake_ups: int
    """Of the daemon's threads."""
    wake_ups_of_others: int


class Saves:
    """The project, and the daemon's word on it."""

    def __init__(self, daemon: RealDaemon) -> None:
        self._folder = daemon.folder / "hello"
        shutil.copytree(HELLO, self._folder)
        self._client = Client(daemon.folder / "state" / "api.sock")
        list(self._client.up([self._folder]))
        self.pid = int(self._client.status()["daemon"]["pid"])

    def save(self, number: int) -> float:
        """Saves once; the seconds until whoever waits for it is told that the new version is live."""
        before = self._live()
        script = self._folder / "greet.py"
        script.write_text(f"{(HELLO / 'greet.py').read_text()}\n# save {number}\n")
        saved_at = time.monotonic()
        self._wait(lambda: self._live() > before)
        live_at = time.monotonic()
        # What runs on deploy is not to be in the way of the next save.
        self._wait(lambda: all(run["state"] != "running" for run in self._client.runs(limit=5)))
        return live_at - saved_at

    def _live(self) -> int:
        return max(int(one["number"]) for one in self._client.deployments("hello") if one["live"])

    def _wait(self, condition: Callable[[], bool]) -> None:
        deadline = time.monotonic() + _PATIENCE_SECONDS
        change = self._client.changes()
        while not condition():
            if time.monotonic() > deadline:
                raise RuntimeError("the daemon did not get to it")
            change = self._client.changes(change)


def watch_idle(daemon: int, seconds: float) -> Idle:
    """Leaves the daemon alone for so long."""
    time.sleep(2.0)  # What the last requests left to do.
    others = descendants(daemon)
    before = switches([daemon]), switches(others)
    time.sleep(seconds)
    after = switches([daemon]), switches(others)
    return Idle(
        seconds=seconds,
        resident_mb=_kibibytes(daemon, "Rss") / 1024,
        others_mb=sum(_kibibytes(pid, "Pss") for pid in others) / 1024,
        wake_ups=after[0] - before[0],
        wake_ups_of_others=after[1] - before[1],
    )


def descendants(pid: int) -> list[int]:
    """The launcher, and what waits below it."""
    found = (path.read_text().split() for path in Path(f"/proc/{pid}/task").glob("*/children"))
    children = [int(child) for line in found for child in line]
    return [*children, *(below for child in children for below in descendants(child))]


def switches(pids: Iterable[int]) -> int:
    """How often threads of these processes went to sleep, which is how often they had been woken."""
    lines = [
        line
        for pid in pids
        for path in Path(f"/proc/{pid}/task").glob("*/status")
        for line in path.read_text().splitlines()
        if line.startswith("voluntary_ctxt_switches")
    ]
    return sum(int(line.split()[1]) for line in lines)


def _kibibytes(pid: int, name: str) -> int:
    lines = Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith(f"{name}:"))


def summary(seconds: list[float], idle: Idle) -> dict[str, Any]:
    """The figures as they are printed."""
    percentiles = statistics.quantiles(seconds, n=100, method="inclusive")
    return {
        "cpus": os.cpu_count(),
        "load": round(os.getloadavg()[0], 1),
        "saves": len(seconds),
        "save_p50_ms": round(percentiles[49] * 1000),
        "save_p90_ms": round(percentiles[89] * 1000),
        "daemon_resident_mb": round(idle.resident_mb, 1),
        "launcher_and_spare_mb": round(idle.others_mb, 1),
        "idle_seconds": idle.seconds,
        "wake_ups": idle.wake_ups,
        "wake_ups_of_others": idle.wake_ups_of_others,
    }


def print_table(found: dict[str, Any]) -> None:
    """Prints the figures for people."""
    print(f"{found['cpus']} cpus, load {found['load']}, {found['saves']} saves, {found['idle_seconds']:g} s idle")
    for key, value in found.items():
        if key.startswith(("save_", "daemon", "launcher", "wake")):
            goal = f"   goal {GOALS[key]:g}" if key in GOALS else ""
            print(f"{key:24}{value:>10}{goal}")


def main() -> None:
    """Measures and prints."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--saves", type=int, default=20)
    parser.add_argument("--idle-seconds", type=float, default=60.0)
    parser.add_argument("--json", action="store_true", help="print the figures as JSON")
    arguments = parser.parse_args()
    with running_empty() as daemon:
        saves = Saves(daemon)
        saves.save(0)
        seconds = [saves.save(number) for number in range(1, arguments.saves + 1)]
        found = summary(seconds, watch_idle(saves.pid, arguments.idle_seconds))
    if arguments.json:
        print(json.dumps(found, indent=2))
    else:
        print_table(found)


if __name__ == "__main__":
    main()
