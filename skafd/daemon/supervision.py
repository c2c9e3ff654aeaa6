"""The attempts that may be alive: launched, watched by a pidfd of their supervisor, ended, taken over after a restart.

Owned by the orchestrator's thread. Nothing here decides; it turns what processes do into events.
"""

from __future__ import annotations

import os
import selectors
import signal
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path

from skafd.daemon.evidence import outcome_of, usage_of
from skafd.errors import SkafdError
from skafd.home import Home
from skafd.model.decisions import AttemptEnded, Kill
from skafd.model.ids import AttemptKey
from skafd.model.outcome import Lost, NotStarted
from skafd.sandbox.adopt import Alive, Finished, Orphaned, Unclaimed, end_orphan, inspect
from skafd.sandbox.cgroup.base import CgroupPlace
from skafd.sandbox.client import Launched, Launcher, LauncherEvent, LauncherGone, LaunchFailed
from skafd.sandbox.evidence import Evidence
from skafd.sandbox.identity import boot_id, start_time
from skafd.sandbox.kill import open_process, request_cancel
from skafd.sandbox.notify import Notification, NotificationSocket
from skafd.sandbox.spec import AttemptSpec

_MOST_LAUNCHES = 3
"""Supervisors forked for one attempt before it is given up: they died before they could claim it."""


@dataclass(frozen=True, slots=True)
class Started:
    """A supervisor says that its job was exec'ed."""

    attempt: AttemptKey
    supervisor_pid: int
    supervisor_start_time: int


Report = Started | AttemptEnded


@dataclass(slots=True)
class _Watched:
    attempt: AttemptKey
    folder: Path
    launches: int = 0
    pidfd: int | None = None
    kill_reason: str | None = None


class Supervision:
    """What the daemon knows of its supervisors."""

    def __init__(
        self,
        home: Home,
        place: CgroupPlace,
        selector: selectors.BaseSelector,
        make_spec: Callable[[AttemptKey], AttemptSpec],
    ) -> None:
        self._runs = home.runs
        self._selector = selector
        self._make_spec = make_spec
        self._watched: dict[str, _Watched] = {}
        self._notifications = NotificationSocket(str(home.supervisors_socket))
        self._launcher = Launcher(place)
        selector.register(self._notifications, selectors.EVENT_READ, self._notifications)
        selector.register(self._launcher, selectors.EVENT_READ, self._launcher)

    def launch(self, attempt: AttemptKey) -> list[Report]:
        """Hands an attempt to the launcher. What cannot even be tried has ended as not started."""
        try:
            spec = self._make_spec(attempt)
        except SkafdError as error:
            return [AttemptEnded(attempt, NotStarted(error.message))]
        watched = self._watched.setdefault(spec.name, _Watched(attempt, Path(spec.directory)))
        watched.launches += 1
        self._launcher.launch(spec)
        self._await_launcher()
        return []

    def kill(self, kill: Kill) -> None:
        """Leaves the reason in the attempt's folder and signals its supervisor, now or as soon as it is known."""
        for watched in self._watched.values():
            if watched.attempt == kill.attempt:
                watched.kill_reason = kill.reason
                watched.folder.mkdir(parents=True, exist_ok=True)
                request_cancel(str(watched.folder), kill.reason)
                self._signal(watched)

    def take_over(self, attempt: AttemptKey, folder: Path) -> list[Report]:
        """Finds out what became of an attempt while nobody was looking; goes on watching it if it is alive."""
        name = str(folder.relative_to(self._runs))
        self._watched.setdefault(name, _Watched(attempt, folder))
        return self._look(name)

    def hear(self, ready: Iterable[object]) -> list[Report]:
        """What the ready sources say: notifications first, since a supervisor that is gone may have sent one."""
        sources = list(ready)
        reports: list[Report] = []
        if self._notifications in sources:
            for notification in self._notifications.receive():
                reports += self._on_notification(notification)
        if self._launcher in sources:
            self._launcher.flush()
            self._await_launcher()
            for message in self._launcher.receive():
                reports += self._on_launcher(message)
        for source in sources:
            if isinstance(source, str) and source in self._watched:
                reports += self._look(source)
        return reports

    @property
    def alive(self) -> int:
        """How many attempts are not known to have ended."""
        return len(self._watched)

    def close(self) -> None:
        """Lets go of everything; supervisors go on."""
        for name in list(self._watched):
            self._forget(name)
        self._selector.unregister(self._launcher)
        self._selector.unregister(self._notifications)
        self._launcher.close()
        self._notifications.close()

    def _await_launcher(self) -> None:
        """Waits for room in the launcher's socket too, as long as requests are left over."""
        wanted = selectors.EVENT_READ | (selectors.EVENT_WRITE if self._launcher.wants_write else 0)
        if self._selector.get_key(self._launcher).events != wanted:
            self._selector.modify(self._launcher, wanted, self._launcher)

    def _on_notification(self, notification: Notification) -> list[Report]:
        watched = self._watched.get(notification.attempt)
        if watched is None:
            return []
        if notification.evidence is None:
            return [Started(watched.attempt, notification.pid, start_time(notification.pid) or 0)]
        return [self._ended(notification.attempt, watched, notification.evidence)]

    def _on_launcher(self, message: LauncherEvent) -> list[Report]:
        match message:
            case Launched(name=name, pid=pid, start_time=started):
                self._watch(name, pid, started)
                return []
            case LaunchFailed(name=name, reason=reason):
                watched = self._forget(name)
                return [AttemptEnded(watched.attempt, NotStarted(reason))] if watched else []
            case LauncherGone(unanswered=unanswered):
                self._replace_launcher()
                return [report for name in unanswered if name in self._watched for report in self._look(name)]

    def _replace_launcher(self) -> None:
        self._selector.unregister(self._launcher)
        self._launcher.restart()
        self._selector.register(self._launcher, selectors.EVENT_READ, self._launcher)

    def _look(self, name: str) -> list[Report]:
        """Reads the truth from the attempt's folder."""
        watched = self._watched[name]
        match inspect(str(watched.folder), boot_id()):
            case Finished(evidence=evidence):
                return [self._ended(name, watched, evidence)]
            case Alive(claim=claim):
                self._watch(name, claim.supervisor_pid, claim.start_time)
                return [Started(watched.attempt, claim.supervisor_pid, claim.start_time)]
            case Orphaned(reason=reason) as orphan:
                self._forget(name)
                end_orphan(orphan)
                return [AttemptEnded(watched.attempt, Lost(reason))]
            case Unclaimed():
                return self._launch_again(name, watched)

    def _ended(self, name: str, watched: _Watched, evidence: Evidence) -> AttemptEnded:
        self._forget(name)
        return AttemptEnded(watched.attempt, outcome_of(evidence), usage_of(evidence))

    def _launch_again(self, name: str, watched: _Watched) -> list[Report]:
        """Safe although a supervisor may yet come to life: the claim lets only one of them go on."""
        self._close_pidfd(watched)
        if watched.launches >= _MOST_LAUNCHES:
            self._forget(name)
            return [AttemptEnded(watched.attempt, NotStarted("its supervisor died before it began, three times"))]
        reports = self.launch(watched.attempt)
        if reports:
            self._forget(name)
        return reports

    def _watch(self, name: str, pid: int, started: int) -> None:
        watched = self._watched.get(name)
        if watched is None:
            return
        self._close_pidfd(watched)
        watched.pidfd = open_process(pid, started)
        if watched.pidfd is None:
            # It ended before we looked: a pipe at its end is readable at once, as a pidfd would be.
            watched.pidfd = _readable_descriptor()
        self._selector.register(watched.pidfd, selectors.EVENT_READ, name)
        if watched.kill_reason is not None:
            self._signal(watched)

    def _signal(self, watched: _Watched) -> None:
        if watched.pidfd is None:
            return
        try:
            signal.pidfd_send_signal(watched.pidfd, signal.SIGTERM)
        except OSError:
            return  # It has ended: the selector is about to say so.

    def _forget(self, name: str) -> _Watched | None:
        watched = self._watched.pop(name, None)
        if watched is not None:
            self._close_pidfd(watched)
        return watched

    def _close_pidfd(self, watched: _Watched) -> None:
        if watched.pidfd is not None:
            self._selector.unregister(watched.pidfd)
            os.close(watched.pidfd)
            watched.pidfd = None


def _readable_descriptor() -> int:
    reading_end, writing_end = os.pipe2(os.O_CLOEXEC)
    os.close(writing_end)
    return reading_end
