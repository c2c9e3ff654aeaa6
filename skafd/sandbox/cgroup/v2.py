"""Control groups of the second version: one folder has everything."""

from __future__ import annotations

import contextlib
import os
import signal
from collections.abc import Mapping

from skafd.sandbox.cgroup import pseudofiles
from skafd.sandbox.spec import ResourceLimits

_CPU_PERIOD_MICROSECONDS = 100_000
_CPU_QUOTA_LEAST_MICROSECONDS = 1_000


class CgroupV2:
    """One attempt's folder; `folders` names it once for each controller that is switched on."""

    def __init__(self, folders: Mapping[str, str]) -> None:
        self._controllers = frozenset(folders)
        self._folder = next(iter(folders.values()))
        self._swap_bytes = 0

    def create(self, limits: ResourceLimits) -> tuple[str, ...]:
        pseudofiles.make(self._folder)
        self._swap_bytes = limits.swap_bytes or 0
        refused: list[str] = []
        if limits.memory_bytes is not None and "memory" in self._controllers:
            refused += pseudofiles.refusals("memory", self._limit_memory, limits.memory_bytes)
        if limits.cpu is not None and "cpu" in self._controllers:
            refused += pseudofiles.refusals("cpu", self._limit_cpu, limits.cpu)
        if limits.pids is not None and "pids" in self._controllers:
            refused += pseudofiles.refusals("pids", self._limit_pids, limits.pids)
        return tuple(refused)

    def entrances(self) -> list[str]:
        return [f"{self._folder}/cgroup.procs"]

    def pids(self) -> list[int]:
        return pseudofiles.processes([self._folder])

    def forbid_growth(self) -> None:
        if "pids" in self._controllers:
            self._limit_pids(0)
        if "cpu" in self._controllers:
            pseudofiles.write(self._folder, "cpu.max", "max")

    def kill(self) -> None:
        # Since Linux 5.14.
        if os.path.exists(f"{self._folder}/cgroup.kill"):
            pseudofiles.write(self._folder, "cgroup.kill", "1")
            return
        for pid in self.pids():
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)

    def oom_kills(self) -> int:
        if "memory" not in self._controllers:
            return 0
        singly = pseudofiles.counter(self._folder, "memory.events", "oom_kill")
        return max(singly, pseudofiles.counter(self._folder, "memory.events", "oom_group_kill"))

    def met_memory_limit(self) -> bool:
        return "memory" in self._controllers and pseudofiles.counter(self._folder, "memory.events", "max") > 0

    def peak_memory_bytes(self) -> int | None:
        # Since Linux 5.19.
        if not os.path.exists(f"{self._folder}/memory.peak"):
            return None
        return int(pseudofiles.read(self._folder, "memory.peak"))

    def memory_bytes(self) -> int | None:
        if "memory" not in self._controllers:
            return None
        used = int(pseudofiles.read(self._folder, "memory.current"))
        return max(0, used - pseudofiles.counter(self._folder, "memory.stat", "inactive_file"))

    def cpu_seconds(self) -> float | None:
        return pseudofiles.counter(self._folder, "cpu.stat", "usage_usec") / 1e6

    def remove(self) -> None:
        pseudofiles.remove(self._folder)

    def _limit_memory(self, limit_bytes: float) -> None:
        pseudofiles.write(self._folder, "memory.max", str(int(limit_bytes)))
        pseudofiles.write(self._folder, "memory.oom.group", "1")
        # Without this file the kernel does not count swap; whether the machine has any is known to `detect`.
        if os.path.exists(f"{self._folder}/memory.swap.max"):
            pseudofiles.write(self._folder, "memory.swap.max", str(self._swap_bytes))

    def _limit_cpu(self, cores: float) -> None:
        quota = max(_CPU_QUOTA_LEAST_MICROSECONDS, round(cores * _CPU_PERIOD_MICROSECONDS))
        pseudofiles.write(self._folder, "cpu.max", f"{quota} {_CPU_PERIOD_MICROSECONDS}")

    def _limit_pids(self, count: float) -> None:
        pseudofiles.write(self._folder, "pids.max", str(int(count)))
