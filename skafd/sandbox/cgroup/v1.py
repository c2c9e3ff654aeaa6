"""Control groups of the first version: a hierarchy, and so a folder, for each controller."""

from __future__ import annotations

import contextlib
import os
import signal
from collections.abc import Mapping

from skafd.sandbox.cgroup import pseudofiles
from skafd.sandbox.spec import ResourceLimits

_CPU_PERIOD_MICROSECONDS = 100_000
_CPU_QUOTA_LEAST_MICROSECONDS = 1_000
_LARGEST_CHARGE_BYTES = 64 * 1024
"""For less than this, near the limit, the kernel ends a process; a larger request only fails."""


class CgroupV1:
    """One attempt's folders, by controller."""

    def __init__(self, folders: Mapping[str, str]) -> None:
        self._folders = folders
        self._swap_bytes = 0
        # `cpu` and `cpuacct` are often one hierarchy.
        self._distinct = sorted(set(folders.values()))

    def create(self, limits: ResourceLimits) -> tuple[str, ...]:
        for folder in self._distinct:
            pseudofiles.make(folder)
        self._swap_bytes = limits.swap_bytes or 0
        refused: list[str] = []
        if limits.memory_bytes is not None and "memory" in self._folders:
            refused += pseudofiles.refusals("memory", self._limit_memory, limits.memory_bytes)
        if limits.cpu is not None and "cpu" in self._folders:
            refused += pseudofiles.refusals("cpu", self._limit_cpu, limits.cpu)
        if limits.pids is not None and "pids" in self._folders:
            refused += pseudofiles.refusals("pids", self._limit_pids, limits.pids)
        return tuple(refused)

    def entrances(self) -> list[str]:
        # `tasks` and not `cgroup.procs`: a single thread that moves itself takes no lock of the whole machine,
        # which costs up to 20 ms when it has to wait.
        return [f"{folder}/tasks" for folder in self._distinct]

    def pids(self) -> list[int]:
        return pseudofiles.processes(self._distinct)

    def forbid_growth(self) -> None:
        if "pids" in self._folders:
            self._limit_pids(0)
        if "cpu" in self._folders:
            # A process that has used up its share cannot end before its next turn.
            pseudofiles.write(self._folders["cpu"], "cpu.cfs_quota_us", "-1")

    def kill(self) -> None:
        for pid in self.pids():
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)

    def oom_kills(self) -> int:
        if "memory" not in self._folders:
            return 0
        return pseudofiles.counter(self._folders["memory"], "memory.oom_control", "oom_kill")

    def met_memory_limit(self) -> bool:
        # No counter of failures is to be relied on: where the limit with swap is met first, they may all stay 0.
        peak = self._memory_figure("memory.max_usage_in_bytes")
        limit = self._memory_figure("memory.limit_in_bytes")
        return peak is not None and limit is not None and peak + _LARGEST_CHARGE_BYTES > limit

    def peak_memory_bytes(self) -> int | None:
        return self._memory_figure("memory.max_usage_in_bytes")

    def memory_bytes(self) -> int | None:
        used = self._memory_figure("memory.usage_in_bytes")
        if used is None:
            return None
        return max(0, used - pseudofiles.counter(self._folders["memory"], "memory.stat", "total_inactive_file"))

    def cpu_seconds(self) -> float | None:
        if "cpuacct" not in self._folders:
            return None
        return int(pseudofiles.read(self._folders["cpuacct"], "cpuacct.usage")) / 1e9

    def remove(self) -> None:
        for folder in self._distinct:
            pseudofiles.remove(folder)

    def _memory_figure(self, name: str) -> int | None:
        if "memory" not in self._folders:
            return None
        return int(pseudofiles.read(self._folders["memory"], name))

    def _limit_memory(self, limit_bytes: float) -> None:
        folder = self._folders["memory"]
        pseudofiles.write(folder, "memory.limit_in_bytes", str(int(limit_bytes)))
        # Without this file the kernel does not count swap: it can be told to take none, but not to take so much.
        if os.path.exists(f"{folder}/memory.memsw.limit_in_bytes"):
            pseudofiles.write(folder, "memory.memsw.limit_in_bytes", str(int(limit_bytes) + self._swap_bytes))
        elif not self._swap_bytes and os.path.exists(f"{folder}/memory.swappiness"):
            pseudofiles.write(folder, "memory.swappiness", "0")

    def _limit_cpu(self, cores: float) -> None:
        quota = max(_CPU_QUOTA_LEAST_MICROSECONDS, round(cores * _CPU_PERIOD_MICROSECONDS))
        # Of the period that every new group has.
        pseudofiles.write(self._folders["cpu"], "cpu.cfs_quota_us", str(quota))

    def _limit_pids(self, count: float) -> None:
        pseudofiles.write(self._folders["pids"], "pids.max", str(int(count)))
