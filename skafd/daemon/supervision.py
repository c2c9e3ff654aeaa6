"""The attempts' processes: launched, watched, ended, taken over after a restart.

Owned by the orchestrator's thread. Nothing here decides; it turns what processes do into events.
"""

from __future__ import annotations

import selectors
from collections.abc import Callable, Iterable
from pathlib import Path

from skafd.artifacts.content import ContentStore
from skafd.daemon.abroad import Abroad
from skafd.daemon.evidence import outcome_of, output_of, usage_of
from skafd.daemon.fork_server import ForkServer
from skafd.daemon.keeping import Keeping, Wanted
from skafd.daemon.launching import attempt_name
from skafd.daemon.orphans import HearLater, Orphans
from skafd.daemon.reports import Report, Started
from skafd.daemon.watched import Watched, WatchList
from skafd.errors import EnvironmentBroken, SkafdError
from skafd.home import Home
from skafd.machine.room import shortage_of
from skafd.model.decisions import AttemptEnded, Kill
from skafd.model.ids import AttemptKey
from skafd.model.outcome import Lost, NotStarted
from skafd.sandbox import open_files
from skafd.sandbox.adopt import Alive, Finished, Orphaned, Unclaimed, inspect
from skafd.sandbox.cgroup.base import CgroupPlace
from skafd.sandbox.claim import MACHINE_RESTARTED
from skafd.sandbox.client import Launched, LauncherEvent, LauncherGone, LaunchFailed
from skafd.sandbox.evidence import Evidence, Verdict
from skafd.sandbox.identity import boot_id, start_time
from skafd.sandbox.notify import Notification, NotificationSocket
from skafd.sandbox.spec import AttemptSpec
from skafd.store.views import AliveAttempt
from skafd.threads import Threads

_CROWD = 32
_MOST_LAUNCHES = 3
"""Supervisors forked for one attempt before it is given up: they died before they could claim it."""


class Supervision:
    """What the daemon knows of its supervisors."""

    def __init__(
        self,
        home: Home,
        place: CgroupPlace,
        selector: selectors.BaseSelector,
        make_spec: Callable[[AttemptKey], AttemptSpec],
        threads: Threads,
        hear_later: HearLater,
        wanted_of: Callable[[AttemptKey], Wanted],
        abroad_of: Callable[[AttemptKey], Abroad | None] = lambda _: None,
    ) -> None:
        """`hear_later` may be called by any thread; the orchestrator asks what it is given when it has time."""
        self._home = home
        self._selector = selector
        self._make_spec = make_spec
        self._orphans = Orphans(threads, hear_later, self._let_go)
        self._wanted_of = wanted_of
        self._abroad_of = abroad_of
        self._keeping = Keeping(threads, ContentStore(home.artifacts), hear_later, self._let_go)
        self._list = WatchList(selector, open_files.most() // 2)
        self._notifications = NotificationSocket(str(home.supervisors_socket))
        self._fork_server = ForkServer(place, selector)
        selector.register(self._notifications, selectors.EVENT_READ, self._notifications)

    @property
    def is_crowded(self) -> bool:
        """So many attempts wait for their supervisors that nothing begins sooner for being decided sooner."""
        return self._fork_server.waiting >= _CROWD

    def launch(self, attempt: AttemptKey) -> list[Report]:
        """Hands an attempt to the launcher. What cannot even be tried has ended as not started."""
        try:
            spec = self._make_spec(attempt)
        except SkafdError as error:
            broken = isinstance(error, EnvironmentBroken)
            return [AttemptEnded(attempt, NotStarted(error.message, for_want_of_environment=broken))]
        self._list.add(spec.name, attempt, Path(spec.directory))
        self._fork_server.launch(spec)
        return []

    def kill(self, kill: Kill) -> None:
        """Asks for the end of an attempt, gracefully; a second request is force."""
        self._list.end(kill.attempt, kill.reason)

    def take_over(self, one: AliveAttempt) -> list[Report]:
        """Finds out what became of an attempt while nobody was looking; goes on watching it if it is alive."""
        try:
            name = attempt_name(self._home, one.directory)
        except ValueError:
            return [AttemptEnded(one.key, Lost(f"its folder {one.directory} is not in this state folder"))]
        watched = self._list.add(name, one.key, one.directory)
        # That nothing is on disk says nothing of what ran before the machine was restarted: a claim is not synced.
        watched.may_have_run = one.boot_id not in (None, boot_id())
        if one.kill_reason is not None:
            # It was decided, and whoever decided it may have died before doing it.
            self._list.wish_end(watched, one.kill_reason)
        return self._look(watched)

    def recover(self) -> None:
        """Starts a launcher if there is none. Raises OSError."""
        self._fork_server.recover()

    def hear(self, ready: Iterable[object]) -> list[Report]:
        """What the ready sources say: notifications first, since a supervisor that is gone may have sent one."""
        sources = list(ready)
        reports: list[Report] = []
        if self._notifications in sources:
            for notification in self._notifications.receive():
                reports += self._on_notification(notification)
        if self._fork_server in sources:
            for message in self._fork_server.hear():
                reports += self._on_launcher(message)
        for source in sources:
            watched = self._list.find(source)
            if watched is not None:
                self._list.unfollow(watched)
                reports += self._look(watched)
        return reports

    def close(self) -> None:
        """Lets go of everything; supervisors go on."""
        self._list.clear()
        self._fork_server.close()
        self._selector.unregister(self._notifications)
        self._notifications.close()

    # --- what is heard ----------------------------------------------------------------------------------

    def _on_launcher(self, message: LauncherEvent) -> list[Report]:
        match message:
            case Launched(name=name, pid=pid, start_time=started):
                watched = self._list.find(name)
                return [] if watched is None else self._on_launched(watched, pid, started)
            case LaunchFailed(name=name, reason=reason, for_want_of_room=for_want_of_room):
                watched = self._list.find(name)
                return [] if watched is None else [self._not_started(watched, reason, for_want_of_room)]
            case LauncherGone(unanswered=unanswered):
                found = [self._list.find(name) for name in unanswered]
                return [report for watched in found if watched is not None for report in self._look(watched)]

    def _on_notification(self, notification: Notification) -> list[Report]:
        watched = self._list.find(notification.attempt)
        if watched is None:
            return []
        evidence = notification.evidence
        if evidence is None:
            return [Started(watched.attempt, notification.pid, start_time(notification.pid) or 0)]
        if evidence.verdict is Verdict.NOT_STARTED:
            return self._on_refusal(watched, notification, evidence)
        return self._ended(watched, evidence)

    def _on_launched(self, watched: Watched, pid: int, started: int) -> list[Report]:
        watched.launches += 1
        self._list.follow(watched, pid, started)
        refusal, watched.refusal = watched.refusal, None
        return [] if refusal is None else self._on_notification(refusal)

    def _on_refusal(self, watched: Watched, refusal: Notification, evidence: Evidence) -> list[Report]:
        """The end of one that did not begin, unless another supervisor has the attempt, or is still to come for it."""
        match inspect(str(watched.folder), boot_id()):
            case Finished(evidence=recorded):
                return self._ended(watched, recorded)
            case Alive() as alive if alive.pid != refusal.pid:
                return []
            case Unclaimed() if self._fork_server.is_asked(watched.name):
                # From this one or from one before it: the launcher's answer tells.
                watched.refusal = refusal
                return []
            case Unclaimed() if watched.supervisor_pid not in (None, refusal.pid):
                return []
        return self._ended(watched, evidence)

    # --- what is found ----------------------------------------------------------------------------------

    def _look(self, watched: Watched) -> list[Report]:
        """Reads the truth from the attempt's folder."""
        match inspect(str(watched.folder), boot_id()):
            case Finished(evidence=evidence):
                return self._ended(watched, evidence)
            case Alive(claim=claim):
                self._list.follow(watched, claim.supervisor_pid, claim.start_time)
                return [Started(watched.attempt, claim.supervisor_pid, claim.start_time)]
            case Orphaned() as orphan:
                self._list.unfollow(watched)
                self._orphans.end(watched.attempt, orphan, self._abroad_of(watched.attempt))
                return []
            case Unclaimed() if watched.may_have_run:
                self._list.remove(watched)
                return [AttemptEnded(watched.attempt, Lost(MACHINE_RESTARTED))]
            case Unclaimed():
                return self._launch_again(watched)

    def _launch_again(self, watched: Watched) -> list[Report]:
        """Unless a supervisor is on its way, or alive: of two, one might begin after the other's end was told."""
        if self._list.is_followed(watched) or self._fork_server.is_asked(watched.name):
            return []
        if watched.launches >= _MOST_LAUNCHES:
            return [self._not_started(watched, "its supervisor died before it began, three times")]
        reports = self.launch(watched.attempt)
        if reports:
            self._list.remove(watched)
        return reports

    def _let_go(self, attempt: AttemptKey) -> bool:
        watched = self._list.of(attempt)
        if watched is not None:
            self._list.remove(watched)
        return watched is not None

    def _not_started(self, watched: Watched, reason: str, for_want_of_room: bool = False) -> AttemptEnded:
        self._list.remove(watched)
        for_want_of_room = for_want_of_room or bool(shortage_of(self._home.path))
        return AttemptEnded(watched.attempt, NotStarted(reason, for_want_of_room))

    def _ended(self, watched: Watched, evidence: Evidence) -> list[Report]:
        """Of an attempt with files to be kept the end is heard later."""
        ended = AttemptEnded(watched.attempt, outcome_of(evidence), usage_of(evidence), output_of(watched.folder))
        wanted = self._wanted_of(watched.attempt)
        if wanted.patterns and evidence.started_at is not None:
            self._list.unfollow(watched)
            self._keeping.begin(ended, wanted, watched.folder)
            return []
        self._list.remove(watched)
        return [ended]
