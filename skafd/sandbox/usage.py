"""What an attempt uses, sampled while it runs: lines in `usage`, few enough to be read whole."""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import dataclass

from skafd.sandbox import processes, small_files
from skafd.sandbox.cgroup.base import Cgroup

FILE_NAME = "usage"
_FIRST_SECONDS = 60.0
"""So long every second, then every five."""
_OFTEN_SECONDS = 1.0
_SELDOM_SECONDS = 5.0
_MOST_LINES = 2048
"""When there are so many, every other one goes."""
_TICKS_PER_SECOND = os.sysconf("SC_CLK_TCK")


@dataclass(frozen=True, slots=True)
class Sample:
    """Of one instant."""

    seconds: float
    """Since the start."""
    cpu_seconds: float
    """Used since the start."""
    memory_bytes: int


class UsageWatch:
    """Looks now and then; it is never a reason to end anything."""

    reason = ""

    def __init__(self, directory: str, cgroup: Cgroup, alive: Callable[[], list[int]], started_at: float) -> None:
        """`started_at` and `next_at` are on the monotonic clock."""
        self._path = f"{directory}/{FILE_NAME}"
        self._cgroup = cgroup
        self._alive = alive
        self._started_at = started_at
        self._lines: list[str] = []
        self.next_at = started_at + _OFTEN_SECONDS
        self.biggest = ""
        """The largest process of the last sample, in words."""

    def is_exceeded(self, now: float) -> bool:
        """Takes a sample when one is due. Want of disk loses it."""
        if now >= self.next_at:
            seconds = now - self._started_at
            self.next_at = now + (_OFTEN_SECONDS if seconds < _FIRST_SECONDS else _SELDOM_SECONDS)
            try:
                self._sample(seconds)
            except OSError:
                return False
        return False

    def _sample(self, seconds: float) -> None:
        pids = self._alive()
        sizes = {pid: processes.resident_bytes(pid) for pid in pids}
        memory_bytes, cpu_seconds = self._cgroup.memory_bytes(), self._cgroup.cpu_seconds()
        if memory_bytes is None:
            memory_bytes = sum(sizes.values())
        if cpu_seconds is None:
            cpu_seconds = sum(map(processes.cpu_ticks, pids)) / _TICKS_PER_SECOND
        self.biggest = _describe(max(sizes, key=sizes.__getitem__), sizes) if sizes else ""
        self._keep(f"{seconds:.1f} {cpu_seconds:.2f} {memory_bytes}\n")

    def _keep(self, line: str) -> None:
        self._lines.append(line)
        if len(self._lines) < _MOST_LINES:
            descriptor = os.open(self._path, os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC, 0o600)
            try:
                os.write(descriptor, line.encode())
            finally:
                os.close(descriptor)
            return
        self._lines = self._lines[1::2]
        temporary = f"{self._path}.new"
        small_files.write(temporary, "".join(self._lines).encode())
        os.rename(temporary, self._path)


def _describe(pid: int, sizes: dict[int, int]) -> str:
    return f"{processes.name(pid)} (pid {pid}, {sizes[pid] // 2**20}Mi)"


def read(directory: str) -> list[Sample]:
    """The samples of an attempt, oldest first, as far as they are whole; none where none was taken."""
    try:
        content = small_files.read(f"{directory}/{FILE_NAME}").decode()
    except FileNotFoundError:
        return []
    rows = [line.split(" ") for line in content.splitlines(keepends=True) if line.endswith("\n")]
    return [Sample(float(row[0]), float(row[1]), int(row[2])) for row in rows if len(row) == 3]
