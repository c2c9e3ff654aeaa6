"""The process tree of an attempt: who is alive in it, and ending it."""

from __future__ import annotations

import contextlib
import os
import signal
import time
from collections.abc import Callable

from skafd.errors import SandboxError
from skafd.sandbox import processes
from skafd.sandbox.cgroup.base import Cgroup

_GONE_WITHIN_SECONDS = 30.0
_SHORTEST_PAUSE_SECONDS = 0.0005
_LONGEST_PAUSE_SECONDS = 0.02


class ProcessTree:
    """What is in a cgroup, and what `others` finds besides: a cgroup may be missing, and root can leave one."""

    def __init__(self, cgroup: Cgroup, others: Callable[[], list[int]]) -> None:
        self._cgroup = cgroup
        self._others = others

    def alive(self) -> list[int]:
        """The living processes."""
        return sorted({*self._cgroup.pids(), *self._others()})

    def terminate(self) -> None:
        """Asks every process to end, also those that are stopped."""
        for pid in self.alive():
            _send(pid, signal.SIGTERM)
            _send(pid, signal.SIGCONT)

    def kill_once(self) -> list[int]:
        """Sends SIGKILL to every process that is there now; returns them."""
        self._cgroup.forbid_growth()
        alive = self.alive()
        self._cgroup.kill()
        for pid in alive:
            _send(pid, signal.SIGKILL)
        return alive

    def kill_all(self) -> int:
        """Kills until nothing is left; returns how many processes. Raises SandboxError when one cannot die."""
        deadline = time.monotonic() + _GONE_WITHIN_SECONDS
        pause_seconds = _SHORTEST_PAUSE_SECONDS
        killed: set[int] = set()
        while self.alive():
            alive = self.kill_once()
            killed.update(alive)
            if alive and time.monotonic() > deadline:
                raise SandboxError(f"{len(alive)} processes could not be ended, the first has pid {alive[0]}")
            time.sleep(pause_seconds)
            pause_seconds = min(2 * pause_seconds, _LONGEST_PAUSE_SECONDS)
        return len(killed)


def own_tree(cgroup: Cgroup) -> ProcessTree:
    """The tree of the attempt that this process supervises."""
    return ProcessTree(cgroup, _own_descendants)


def _own_descendants() -> list[int]:
    # Asked at the end of every attempt, where the answer is nearly always that there is no child.
    try:
        os.waitid(os.P_ALL, 0, os.WEXITED | os.WNOHANG | os.WNOWAIT)
    except ChildProcessError:
        return []
    return processes.descendants(os.getpid())


def _send(pid: int, number: signal.Signals) -> None:
    # One that changed its user is out of our reach, and not out of the kernel's, who ends a cgroup as a whole.
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.kill(pid, number)
