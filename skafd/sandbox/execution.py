"""Runs the commands of an attempt one after another, and gathers what is known when they are over."""

from __future__ import annotations

import os
import time
from dataclasses import replace

from skafd.no_room import is_for_want_of_room
from skafd.sandbox import kernel_log, report
from skafd.sandbox.ahead import Ahead
from skafd.sandbox.attend import Attendant, Watch
from skafd.sandbox.cgroup.base import Cgroup, CgroupPlace
from skafd.sandbox.child import CannotExec
from skafd.sandbox.disk_watch import DiskWatch
from skafd.sandbox.evidence import Evidence, Verdict
from skafd.sandbox.memory_watch import MemoryWatch
from skafd.sandbox.output import Output
from skafd.sandbox.redact import Redactor
from skafd.sandbox.spec import AttemptSpec
from skafd.sandbox.stage import Stage, cookie
from skafd.sandbox.strict import TEMPORARY
from skafd.sandbox.tree import ProcessTree, own_tree
from skafd.sandbox.usage import UsageWatch
from skafd.sandbox.verdict import judge

_COMMAND_NOT_FOUND = 127


class Execution:
    """The commands of one attempt in its cgroup, which exists."""

    def __init__(self, spec: AttemptSpec, leaf: CgroupPlace, cgroup: Cgroup, ahead: Ahead) -> None:
        self._spec = spec
        self._cgroup = cgroup
        self._ahead = ahead
        # What it gave away and may yet come back as an orphan of this process is another attempt's.
        self._tree = own_tree(cgroup) if not spec.gives_away else ProcessTree(cgroup, list)
        self._watches = _watches(spec, leaf)
        self._cpu_seconds_before = _cpu_seconds_of_children()
        """What attempts used that this process ran before."""
        self._usage: UsageWatch | None = None
        self._started_at: float | None = None
        self._started = 0.0
        """On a clock that nobody sets, and that counts the machine's sleep."""

    def run(self) -> Evidence:
        """Runs to the end of the last process; raises OSError or SandboxError when the machine does not allow it."""
        output = Output(self._spec.directory, Redactor(self._spec.secrets), self._spec.log_cap_bytes)
        attendant = Attendant(self._spec, self._tree, output, self._ahead, self._watches)
        evidence = self._run_commands(attendant)
        survivors = attendant.end_tree()
        attendant.drain()
        output.finish()
        return replace(
            evidence,
            survivors_killed=survivors,
            peak_memory_bytes=self._peak_memory_bytes(attendant),
            cpu_seconds=self._cpu_seconds(),
            oom_kills=self._cgroup.oom_kills(),
            log_bytes=output.written_bytes,
            log_bytes_dropped=output.dropped_bytes + output.lost_bytes,
            log_head_bytes=output.head_bytes,
            started_at=self._started_at,
            start=attendant.note or self._spec.start,
        )

    def end_time(self) -> float:
        """Now, counted from the start: what is said to have ended has taken as long as it took."""
        if self._started_at is None:
            return time.time()
        return self._started_at + time.clock_gettime(time.CLOCK_BOOTTIME) - self._started

    def abandon(self, error: Exception) -> Evidence:
        """Ends everything after a failure of our own; the evidence says which."""
        reason = f"its supervisor failed: {type(error).__name__}: {error}"
        try:
            self._tree.kill_all()
        except Exception as second:
            reason = f"{reason}; then: {second}"
        if self._started_at is not None:
            return Evidence(Verdict.LOST, reason=reason, started_at=self._started_at)
        return Evidence(Verdict.NOT_STARTED, reason=reason, for_want_of_room=is_for_want_of_room(error))

    def _run_commands(self, attendant: Attendant) -> Evidence:
        stage = self._stage()
        self._ahead.let_print(self._spec.user)
        status, oom_kills_before, oom_kills, step = 0, 0, 0, 0
        for step, command in enumerate(self._spec.commands):
            oom_kills_before = oom_kills
            try:
                attendant.start(stage, command)
            except CannotExec as error:
                return _refused(step, str(error))
            self._begin(attendant, step)
            status = attendant.wait()
            oom_kills = self._cgroup.oom_kills()
            if status != 0 or attendant.stop is not None:
                break
        judgement = judge(status, attendant.stop, oom_kills - oom_kills_before, self._cgroup.met_memory_limit)
        evidence = Evidence(
            judgement.verdict, judgement.exit_code, judgement.signal, reason=judgement.reason, step=step
        )
        if judgement.verdict is Verdict.OOM_KILLED:
            return replace(evidence, biggest_process=self._biggest_process())
        return evidence

    def _biggest_process(self) -> str:
        """As the kernel says, else as it was last seen."""
        return kernel_log.killed_process(self._spec.cgroup_name) or (self._usage.biggest if self._usage else "")

    def _stage(self) -> Stage:
        name, _, value = cookie(self._spec.cgroup_name).partition("=")
        environment = {**self._spec.environment, name: value}
        folder = f"{self._spec.directory}/work"
        return Stage(
            folder,
            environment,
            self._cgroup.entrances(),
            self._spec.user,
            self._options(),
            self._spec.limits.open_files,
            self._spec.warm,
        )

    def _options(self) -> list[str]:
        """Of bubblewrap. What the job may write besides its working folder are its files and the live data."""
        if self._spec.confinement is None:
            return []
        files = [f"{self._spec.directory}/{name}" for name in self._spec.writable]
        beside = [self._spec.beside] if self._spec.beside else []
        live = [*files, *self._spec.links.values(), *beside]
        return self._spec.confinement.options(self._spec.directory, live)

    def _begin(self, attendant: Attendant, step: int) -> None:
        if step > 0:
            return
        self._started_at, self._started = time.time(), time.clock_gettime(time.CLOCK_BOOTTIME)
        self._usage = UsageWatch(self._spec.directory, self._cgroup, self._tree.alive, time.monotonic())
        self._watches.append(self._usage)
        attendant.start_clock()
        report.tell_started(self._spec)
        self._ahead.way_back.say_begun()

    def _peak_memory_bytes(self, attendant: Attendant) -> int:
        peak = self._cgroup.peak_memory_bytes()
        if peak is not None:
            return peak
        watched = [watch.peak_bytes for watch in self._watches if isinstance(watch, MemoryWatch)]
        return max(attendant.child_peak_bytes, *watched, 0)

    def _cpu_seconds(self) -> float:
        used = self._cgroup.cpu_seconds()
        if used is not None:
            return used
        return _cpu_seconds_of_children() - self._cpu_seconds_before


def _cpu_seconds_of_children() -> float:
    times = os.times()
    return times.children_user + times.children_system


def _watches(spec: AttemptSpec, leaf: CgroupPlace) -> list[Watch]:
    """Over the limits that the kernel does not keep."""
    watches: list[Watch] = []
    if spec.limits.memory_bytes is not None and not leaf.enforces("memory"):
        watches.append(MemoryWatch(spec.limits.memory_bytes))
    if spec.limits.disk_bytes is not None:
        folders = [f"{spec.directory}/{name}" for name in ("work", TEMPORARY)]
        watches.append(DiskWatch(folders, spec.limits.disk_bytes))
    return watches


def _refused(step: int, reason: str) -> Evidence:
    """An exec that failed: of the first command nothing ran; a later one failed as it would in a shell."""
    if step == 0:
        return Evidence(Verdict.NOT_STARTED, reason=reason)
    return Evidence(Verdict.EXITED, exit_code=_COMMAND_NOT_FOUND, reason=reason, step=step)
