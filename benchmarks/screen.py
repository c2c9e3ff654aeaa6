"""500 projects with 5,000 jobs: how soon commands answer, and how the screen keeps up. Beside an empty Python."""

from __future__ import annotations

import fcntl
import os
import pty
import select
import statistics
import struct
import subprocess
import sys
import tempfile
import termios
import time
from contextlib import suppress
from pathlib import Path

import psutil

from benchmarks.real_daemon import SKAFD

PROJECTS, JOBS = 500, 10
ROUNDS = 7
IDLE_SECONDS = 20.0
QUIET_SECONDS = 0.3
"""So long nothing is drawn when all is drawn."""


def main() -> None:
    """Prints each figure with its goal."""
    with tempfile.TemporaryDirectory(prefix="skafd-screen-", dir="/tmp") as name:
        folder = Path(name)
        os.environ["SKAFD_HOME"] = str(folder / "state")
        _write_projects(folder / "projects")
        subprocess.run([SKAFD, "up", folder / "projects", "--detach"], check=True, stdout=subprocess.DEVNULL)
        try:
            _measure()
        finally:
            subprocess.run([SKAFD, "down", "--jobs", "--yes"], check=True, stdout=subprocess.DEVNULL)


def _write_projects(folder: Path) -> None:
    for number in range(PROJECTS):
        project = folder / f"p{number:03}"
        project.mkdir(parents=True)
        jobs = [_job(place) for place in range(JOBS)]
        (project / "metis.config.yml").write_text("\n".join([f"name: p{number:03}", "jobs:", *jobs]) + "\n")


def _job(place: int) -> str:
    begin = "schedule: 0 3 * * *" if place == 0 else f"dependencies: [j{place - 1}]"
    return f'  - {{name: j{place}, language: any, entrypoint: "true", {begin}}}'


def _measure() -> None:
    print(f"\n{PROJECTS} projects, {PROJECTS * JOBS} jobs; load {os.getloadavg()[0]:.1f}")
    floor = _command([sys.executable, "-c", "pass"])
    print(f"  python -c pass           {floor * 1000:6.0f} ms")
    for arguments, goal in ((["--version"], 100), (["status", "--once"], 250)):
        seconds = _command([SKAFD, *arguments])
        print(f"  skafd {' '.join(arguments):<18} {seconds * 1000:6.0f} ms   goal {goal} ms")
    screen = Screen()
    print(f"  screen, first paint      {screen.first_paint_seconds * 1000:6.0f} ms   goal 300 ms")
    print(f"  screen, takes keys       {screen.takes_keys_seconds * 1000:6.0f} ms")
    screen.settle()
    keys = sorted(screen.key_seconds(b"j") for _ in range(20))
    print(f"  screen, key to paint p50 {statistics.median(keys) * 1000:6.0f} ms   goal 50 ms")
    print(f"  screen, worst of 20      {keys[-1] * 1000:6.0f} ms")
    print(f"  screen, cpu at rest      {screen.idle_share() * 100:6.1f} %    goal 3 %")
    screen.close()


def _command(command: list[str | Path]) -> float:
    times = []
    for _ in range(ROUNDS):
        start = time.perf_counter()
        subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
        times.append(time.perf_counter() - start)
    return statistics.median(times)


class Screen:
    """`skafd status` on a terminal of 120 columns and 40 lines."""

    def __init__(self) -> None:
        start = time.perf_counter()
        self._master, keyboard = pty.openpty()
        fcntl.ioctl(self._master, termios.TIOCSWINSZ, struct.pack("HHHH", 40, 120, 0, 0))
        self._process = subprocess.Popen(
            [SKAFD, "status"], stdin=keyboard, stdout=keyboard, stderr=keyboard, start_new_session=True
        )
        os.close(keyboard)
        drawn = b""
        while b"p000" not in drawn:
            drawn += os.read(self._master, 65536)
        self.first_paint_seconds = time.perf_counter() - start
        # The keys at the bottom are drawn by what takes them, when it does.
        while b"Help" not in drawn:
            drawn += os.read(self._master, 65536)
        self.takes_keys_seconds = time.perf_counter() - start

    def settle(self) -> None:
        """Reads until nothing more is drawn."""
        while select.select([self._master], [], [], QUIET_SECONDS)[0]:
            os.read(self._master, 65536)

    def key_seconds(self, key: bytes) -> float:
        """From a key to what it draws first."""
        start = time.perf_counter()
        os.write(self._master, key)
        os.read(self._master, 65536)
        seconds = time.perf_counter() - start
        self.settle()
        return seconds

    def idle_share(self) -> float:
        """Of one core, while nothing changes."""
        process = psutil.Process(self._process.pid)
        before = sum(process.cpu_times()[:2])
        until = time.perf_counter() + IDLE_SECONDS
        while (left := until - time.perf_counter()) > 0:
            if select.select([self._master], [], [], left)[0]:
                os.read(self._master, 65536)
        return (sum(process.cpu_times()[:2]) - before) / IDLE_SECONDS

    def close(self) -> None:
        """Leaves it."""
        os.write(self._master, b"q")
        with suppress(OSError):
            # A terminal that nobody has open any more cannot be read.
            self.settle()
        self._process.wait()
        os.close(self._master)


if __name__ == "__main__":
    main()
