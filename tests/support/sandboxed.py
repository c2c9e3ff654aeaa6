"""A launcher, a notification socket and their attempts in a folder of their own, and proof that nothing is left."""

from __future__ import annotations

import os
import select
import signal
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from skafd.sandbox import identity, processes
from skafd.sandbox.cgroup.base import CgroupPlace
from skafd.sandbox.cgroup.detect import clear
from skafd.sandbox.client import Launched, Launcher, LauncherEvent
from skafd.sandbox.evidence import Evidence
from skafd.sandbox.kill import ask_to_stop, request_cancel
from skafd.sandbox.notify import Notification, NotificationKind, NotificationSocket
from skafd.sandbox.spec import AttemptSpec
from skafd.sandbox.strict import Confinement
from skafd.sandbox.user import User

PATIENCE_SECONDS = 60.0
"""For things that happen at once on an idle machine; this one may be busy."""


class Sandbox:
    """What a daemon would hold."""

    def __init__(self, home: Path, place: CgroupPlace) -> None:
        self.home = home
        self.place = place
        self.socket_path = home / "supervisors.sock"
        self.launcher = Launcher(place)
        self.notifications = NotificationSocket(str(self.socket_path))
        self.events: list[LauncherEvent] = []
        self.heard: list[Notification] = []
        self._launched: list[Launched] = []

    def spec(self, name: str, *commands: tuple[str, ...], **more: Any) -> AttemptSpec:
        """An attempt with the environment that a job needs at least."""
        values: dict[str, Any] = {
            "environment": {"PATH": os.environ["PATH"], "PYTHONUNBUFFERED": "1"},
            "notify_socket": str(self.socket_path),
            "grace_seconds": PATIENCE_SECONDS,
            "cgroup_name": self.cgroup_name(name),
        }
        directory = str(self.home / "runs" / name)
        return AttemptSpec(name=name, directory=directory, commands=commands, **(values | more))

    def cgroup_name(self, name: str) -> str:
        """No other test's: by it what is left of an attempt is found, and killed, anywhere on the machine."""
        return f"{name}-{os.getpid()}"

    def run(self, spec: AttemptSpec) -> Evidence:
        """Launches and waits for the end."""
        self.launcher.launch(spec)
        return self.ended(spec)

    def run_script(self, name: str, script: str, **more: Any) -> Evidence:
        """Runs a shell script to its end."""
        return self.run(self.spec(name, ("sh", "-c", script), **more))

    def run_python(self, name: str, program: str, **more: Any) -> Evidence:
        """Runs a Python program to its end."""
        return self.run(self.spec(name, python(program), **more))

    def launch(self, spec: AttemptSpec) -> Launched:
        """Launches, and waits until the supervisor exists."""
        self.launcher.launch(spec)
        self.wait(lambda: any(launched.name == spec.name for launched in self._launched), f"{spec.name} is launched")
        return next(launched for launched in reversed(self._launched) if launched.name == spec.name)

    def start(self, spec: AttemptSpec) -> Launched:
        """Launches, and waits until the job runs."""
        launched = self.launch(spec)
        self.wait(lambda: self._notified(spec, NotificationKind.STARTED) is not None, f"{spec.name} has started")
        return launched

    def ended(self, spec: AttemptSpec) -> Evidence:
        """Waits for the end of an attempt that was launched."""
        self.wait(lambda: self._notified(spec, NotificationKind.ENDED) is not None, f"{spec.name} has ended")
        notification = self._notified(spec, NotificationKind.ENDED)
        assert notification is not None
        assert notification.evidence is not None
        return notification.evidence

    def cancel(self, spec: AttemptSpec, launched: Launched, reason: str = "because") -> Evidence:
        """Ends an attempt as the daemon does, and waits for it."""
        request_cancel(spec.directory, reason)
        assert ask_to_stop(launched.pid, launched.start_time)
        return self.ended(spec)

    def log(self, name: str) -> str:
        """What an attempt printed, as far as it is on disk."""
        return (self.home / "runs" / name / "log").read_text()

    def work(self, name: str) -> Path:
        """The working folder of an attempt."""
        return self.home / "runs" / name / "work"

    def wait(self, condition: Callable[[], bool], what: str) -> None:
        """Listens until the condition holds."""
        deadline = time.monotonic() + PATIENCE_SECONDS
        while not condition():
            assert time.monotonic() < deadline, f"waited in vain until {what}"
            self._listen()

    def close(self) -> None:
        """Ends it, and fails when a process or a cgroup is left."""
        try:
            self.wait(self.supervisors_are_gone, "every supervisor has ended")
        finally:
            # Twice, which is by force: after a failure nobody else would.
            for launched in self._launched * 2:
                ask_to_stop(launched.pid, launched.start_time)
            self.launcher.close()
            self.notifications.close()
        folders = sorted(set(self.place.folders.values()))
        left = [path for folder in folders for path in Path(folder).iterdir() if path.is_dir()]
        clear(self.place)
        assert left == [], "a control group is left"

    def wait_for_spare(self) -> int:
        """Waits until a supervisor is there for the next attempt, with its child, and nothing else; its pid."""
        launcher = self.launcher.pid
        # One that was ended may still be there for a moment, beside the one that takes its place.
        spares: list[int] = []

        def is_ready() -> bool:
            family = children_of(launcher)
            spares[:] = [pid for pid in family if identity.parent(pid) == launcher]
            return len(family) == 2 and len(spares) == 1

        self.wait(is_ready, "a spare supervisor and its child are ready")
        return spares[0]

    def supervisors_are_gone(self) -> bool:
        """None of those that were launched is alive."""
        return all(identity.start_time(one.pid) != one.start_time for one in self._launched)

    def _notified(self, spec: AttemptSpec, kind: NotificationKind) -> Notification | None:
        found = [heard for heard in self.heard if heard.attempt == spec.name and heard.kind is kind]
        return found[-1] if found else None

    def _listen(self) -> None:
        self.launcher.flush()
        ready, _, _ = select.select([self.launcher, self.notifications], [], [], 0.01)
        if self.launcher in ready:
            events = self.launcher.receive()
            self.events += events
            self._launched += [event for event in events if isinstance(event, Launched)]
        if self.notifications in ready:
            self.heard += self.notifications.receive()


@dataclass(frozen=True, slots=True)
class Confined:
    """A sandbox whose attempts are strictly isolated."""

    sandbox: Sandbox
    user: User | None
    confinement: Confinement

    def spec(self, name: str, *commands: tuple[str, ...], **more: Any) -> AttemptSpec:
        """An attempt."""
        return self.sandbox.spec(name, *commands, **({"user": self.user, "confinement": self.confinement} | more))

    def run_script(self, name: str, script: str, **more: Any) -> Evidence:
        """Runs a shell script to its end."""
        return self.sandbox.run(self.spec(name, ("sh", "-c", script), **more))


def python(program: str) -> tuple[str, ...]:
    """The command that runs a program, with an interpreter that starts fast."""
    return (sys.executable, "-I", "-S", "-u", "-c", program)


def is_alive(pid: int) -> bool:
    """The process exists and is more than an entry that waits to be reaped."""
    return identity.start_time(pid) is not None


def kill_by_force(pid: int) -> None:
    """Ends a process as a crash would."""
    os.kill(pid, signal.SIGKILL)


def children_of(pid: int) -> list[int]:
    """The living descendants of a process."""
    return processes.descendants(pid)


def without_cgroups(place: CgroupPlace) -> CgroupPlace:
    """The place on a machine where no control group is writable."""
    return replace(place, kind=type(place.kind).NONE, folders={})
