"""Builds of environments in control groups of their own: limited, ended as trees, and never left behind."""

from __future__ import annotations

import itertools
import logging
import os
import subprocess
import threading
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from skafd.environments.runner import COOKIES, Hears, end_group, popen
from skafd.errors import SandboxError
from skafd.model.limits import Capacity
from skafd.sandbox import processes
from skafd.sandbox.cgroup.base import Cgroup, CgroupKind, CgroupPlace
from skafd.sandbox.cgroup.none import NoCgroup
from skafd.sandbox.cgroup.open import open_cgroup
from skafd.sandbox.spec import ResourceLimits
from skafd.sandbox.tree import ProcessTree
from skafd.units import format_memory

_ALL, _ONE = COOKIES
_PREFIX = "build-"
_SHARE_OF_MEMORY = 0.75
_SHARE_OF_CPU = 0.9
_PROCESSES = 4096
_ENTER = 'count=$1; shift; while [ "$count" -gt 0 ]; do echo 0 > "$1"; shift; count=$((count - 1)); done; exec "$@"'
"""A shell that writes itself into each of the files, and then becomes the command."""

log = logging.getLogger("skafd.builds")


@dataclass(frozen=True, slots=True)
class _Running:
    cgroup: Cgroup
    cookie: str


class BuildRunner:
    """What `skafd.environments` starts its tools with. Methods may be called from any thread."""

    def __init__(self, home: Path, place: CgroupPlace, capacity: Capacity) -> None:
        """Where systemd hands out the control groups there are none for builds: they are ended by what they carry."""
        self._home = home
        self._place = place if place.scope is None else CgroupPlace(CgroupKind.NONE)
        self._limits = ResourceLimits(
            memory_bytes=int(capacity.memory_bytes * _SHARE_OF_MEMORY),
            cpu=capacity.cpu * _SHARE_OF_CPU,
            pids=_PROCESSES,
        )
        self._numbers = itertools.count(1)
        self._running: dict[int, _Running] = {}
        self._lock = threading.Lock()

    def end_leftovers(self) -> None:
        """Ends what an earlier daemon's builds left: nobody wants it any more. What cannot be ended is in the log."""
        try:
            ProcessTree(NoCgroup(), partial(processes.with_cookie, f"{_ALL}={self._home}")).kill_all()
        except (OSError, SandboxError) as error:
            log.warning("what earlier builds left could not be ended: %s", error)
        names = {path.name for folder in self._place.folders.values() for path in Path(folder).glob(f"{_PREFIX}*")}
        for name in sorted(names):
            try:
                _end_all(open_cgroup(self._place.leaf(name)), _nobody)
            except (OSError, SandboxError) as error:
                log.warning("what an earlier build left in %s could not be ended: %s", name, error)

    def start(
        self, command: Sequence[str], folder: Path, variables: Mapping[str, str], hears: Hears
    ) -> subprocess.Popen[bytes]:
        """Starts it inside its limits. Raises OSError."""
        name = f"{_PREFIX}{os.getpid()}-{next(self._numbers)}"
        cgroup = open_cgroup(self._place.leaf(name))
        cgroup.create(self._limits)
        entrances = cgroup.entrances()
        cookie = f"{self._home}/{name}"
        entering = ["/bin/sh", "-c", _ENTER, "sh", str(len(entrances)), *entrances, *command]
        try:
            process = popen(entering, folder, {**variables, _ALL: str(self._home), _ONE: cookie}, hears)
        except OSError:
            cgroup.remove()
            raise
        with self._lock:
            self._running[process.pid] = _Running(cgroup, f"{_ONE}={cookie}")
        return process

    def end(self, process: subprocess.Popen[bytes]) -> str | None:
        """Ends the process with its whole tree; says so when it had been ended for want of memory."""
        with self._lock:
            running = self._running.pop(process.pid)
        end_group(process)
        try:
            is_killed = running.cgroup.oom_kills() > 0
            # Whoever left the control group is found by what it carries; without one, everybody is.
            _end_all(running.cgroup, partial(processes.with_cookie, running.cookie))
        except (OSError, SandboxError) as error:
            log.warning("what a build left could not be ended: %s", error)
            return None
        limit = format_memory(self._limits.memory_bytes or 0)
        return f"the kernel ended it: a build has {limit} of memory at most" if is_killed else None


def _end_all(cgroup: Cgroup, others: Callable[[], list[int]]) -> None:
    ProcessTree(cgroup, others).kill_all()
    cgroup.remove()


def _nobody() -> list[int]:
    return []
