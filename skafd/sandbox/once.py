"""Runs one attempt for whoever waits for its end: with all that attempts have, and without being one of a run."""

from __future__ import annotations

import select
import time

from skafd.errors import SandboxError
from skafd.sandbox import evidence, kill
from skafd.sandbox.cgroup.base import CgroupPlace
from skafd.sandbox.client import Launched, Launcher, LauncherEvent
from skafd.sandbox.evidence import Evidence
from skafd.sandbox.spec import AttemptSpec

_BEYOND_SECONDS = 60.0
"""What launcher and supervisor may take besides the attempt."""


def run_once(spec: AttemptSpec, place: CgroupPlace) -> Evidence:
    """The evidence of an attempt that has a timeout and tells nobody. Raises SandboxError, OSError."""
    deadline = time.monotonic() + (spec.timeout_seconds or 0) + spec.grace_seconds + _BEYOND_SECONDS
    launcher = Launcher(place)
    try:
        launcher.launch(spec)
        launched = _wait_for_answer(launcher, deadline)
        _wait_for_end(launched, deadline)
    finally:
        launcher.close()
    found = evidence.read(spec.directory)
    if found is None:
        raise SandboxError(f"{spec.name} left no record of its end")
    return found


def _wait_for_answer(launcher: Launcher, deadline: float) -> Launched:
    while True:
        reading, writing = [launcher], [launcher] if launcher.wants_write else []
        ready, writable, _ = select.select(reading, writing, [], max(0.0, deadline - time.monotonic()))
        if writable:
            launcher.flush()
        for event in launcher.receive() if ready else _nothing_in_time(writable):
            if isinstance(event, Launched):
                return event
            raise SandboxError(f"it could not be launched: {event}")


def _nothing_in_time(writable: list[Launcher]) -> list[LauncherEvent]:
    if not writable:
        raise SandboxError("the launcher does not answer")
    return []


def _wait_for_end(launched: Launched, deadline: float) -> None:
    descriptor = kill.open_process(launched.pid, launched.start_time)
    if descriptor is None:
        return
    with open(descriptor, "rb", buffering=0) as process:  # closes it
        poll = select.poll()
        poll.register(process, select.POLLIN)
        if not poll.poll(max(0.0, deadline - time.monotonic()) * 1000):
            raise SandboxError(f"{launched.name} does not end")
