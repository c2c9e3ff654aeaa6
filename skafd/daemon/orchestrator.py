"""The single writer: hears what happened, asks the engine, writes it down, and only then acts.

One turn:
1. hear   what supervisors, the launcher and pidfds say;
2. decide what follows, in one transaction with everything that was heard;
3. act    on what is now on disk: launch and kill;
4. answer what other threads asked for, each request in a transaction of its own.
"""

from __future__ import annotations

import logging
import selectors
import threading
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime

from skafd import clock
from skafd.daemon.changes import Changes
from skafd.daemon.facts import Facts
from skafd.daemon.launching import attempt_folder, attempt_spec
from skafd.daemon.mailbox import Mailbox, Request
from skafd.daemon.restoring import restore, write_occurrences
from skafd.daemon.supervision import Report, Started, Supervision
from skafd.engine import Engine
from skafd.errors import SandboxError, SkafdError, StoreError
from skafd.home import Home
from skafd.model.decisions import AttemptEnded, AttemptStarted, Decisions, Event, RunRequested, TimePassed
from skafd.model.deployment import Deployment
from skafd.model.ids import AttemptKey, JobId, ProjectId
from skafd.model.limits import Capacity
from skafd.model.run import Cause, CauseKind
from skafd.sandbox.cgroup.base import CgroupPlace
from skafd.sandbox.identity import boot_id
from skafd.sandbox.spec import AttemptSpec
from skafd.schedule.timetable import Timetable
from skafd.store import Database, Launching, Purpose, Writer

log = logging.getLogger("skafd.orchestrator")

_SECONDS_BEFORE_TRYING_AGAIN = 1.0
"""After the database refused a write (disk full, read-only): often enough to go on by itself, not a storm."""


class Orchestrator(threading.Thread):
    """Owns the engine, the writer and the supervision; nobody else touches them."""

    def __init__(
        self,
        home: Home,
        database: Database,
        place: CgroupPlace,
        capacity: Capacity,
        changes: Changes,
        set_alarm: Callable[[datetime | None], None],
    ) -> None:
        super().__init__(name="orchestrator", daemon=True)
        self.mailbox = Mailbox()
        self.facts = Facts(database)
        self._home = home
        self._database = database
        self._place = place
        self._capacity = capacity
        self._changes = changes
        self._set_alarm = set_alarm
        self._engine = Engine(capacity)
        self._timetable = Timetable()
        self._wake_at: datetime | None = None
        self._alarm_at: datetime | None = None
        self._stopping = False
        self._must_restore = True
        self._why_missed = "the daemon was down"

    # --- the loop ---------------------------------------------------------------------------------------

    def run(self) -> None:
        """Turns until `stop`."""
        self._selector = selectors.DefaultSelector()
        self._selector.register(self.mailbox, selectors.EVENT_READ, self.mailbox)
        self._supervision = Supervision(self._home, self._place, self._selector, self._make_spec)
        try:
            while not self._stopping:
                self._turn()
        finally:
            self._supervision.close()
            self.mailbox.close()
            self._selector.close()

    def stop(self) -> None:
        """Ends the thread after the present turn. Callable from any thread."""
        self._stopping = True
        self.mailbox.wake()

    def _turn(self) -> None:
        try:
            if self._must_restore:
                self._restore()
            ready = [key.data for key, _ in self._selector.select()]
            reports = self._supervision.hear(ready)
            if reports:
                self._decide_on(reports)
            for request in self.mailbox.take() if self.mailbox in ready else ():
                self._answer(request)
            self._move_alarm()
        except Exception as error:
            self._begin_again(error)

    def _begin_again(self, error: Exception) -> None:
        """Memory may be ahead of the disk: forget it, wait a little, and start from what is written."""
        log.error("starting again from the database: %s", error, exc_info=not isinstance(error, StoreError))
        self._must_restore = True
        for request in self.mailbox.take():
            request.future.set_exception(error)
        self._selector.select(_SECONDS_BEFORE_TRYING_AGAIN)

    # --- deciding ---------------------------------------------------------------------------------------

    def _decide_on(self, reports: Sequence[Report], purpose: Purpose = Purpose.REPORTS) -> Decisions:
        return self._decide(lambda writer: _write_reports(writer, reports), purpose)

    def _decide(self, prepare: Callable[[Writer], Sequence[Event]], purpose: Purpose) -> Decisions:
        """One transaction: what `prepare` writes, what has become due, and what the engine makes of both."""
        now = clock.now()
        with self._database.transaction(purpose) as writer:
            events = prepare(writer)
            # From here on memory may be ahead of the disk until the commit.
            self._must_restore = True
            plan = self._timetable.due(now, self._why_missed)
            requests = [RunRequested(due.project, Cause(CauseKind.SCHEDULE, due.instant), due.jobs) for due in plan.due]
            decisions = self._engine.handle([*requests, *events], now)
            decisions = replace(decisions, missed=plan.missed + decisions.missed)
            writer.apply(decisions, now, self._launching(decisions))
            write_occurrences(writer, plan, decisions, now)
        self._must_restore = False
        self._why_missed = "skafd was busy, or the machine was asleep"
        self._act(decisions)
        return decisions

    def _act(self, decisions: Decisions) -> None:
        self._wake_at = decisions.wake_at
        for kill in decisions.kills:
            self._supervision.kill(kill)
        failed = [report for attempt in decisions.launches for report in self._supervision.launch(attempt)]
        self._changes.announce()
        if failed:
            self._decide_on(failed, Purpose.NOT_LAUNCHED)

    def _answer(self, request: Request) -> None:
        """Whoever asked gets the result or the error; only an error after `prepare` concerns us too."""
        if not request.future.set_running_or_notify_cancel():
            return
        try:
            decisions = self._decide(request.prepare, request.purpose)
            request.future.set_result(request.answer(decisions))
        except Exception as error:
            request.future.set_exception(error)
            if self._must_restore:
                raise
            if not isinstance(error, SkafdError):
                log.exception("a request failed")

    def _launching(self, decisions: Decisions) -> dict[AttemptKey, Launching]:
        known = {}
        for attempt in decisions.launches:
            deployment = self._engine.deployment_of(attempt.task.run)
            slug = self.facts.of(attempt.task.run.project).slug
            folder = attempt_folder(self._home, slug, deployment.config, attempt)
            known[attempt] = Launching(folder, deployment.config.job(attempt.task.job).resources.limits)
        return known

    def _make_spec(self, attempt: AttemptKey) -> AttemptSpec:
        run = self._engine.run(attempt.task.run)
        if run is None:
            raise SandboxError(f"run {attempt.task.run.number} is not open")
        facts = self.facts.of(attempt.task.run.project)
        return attempt_spec(self._home, facts, self._engine.deployment_of(run.key), run, attempt)

    # --- time -------------------------------------------------------------------------------------------

    def ring(self) -> None:
        """Time has come. Callable from any thread."""
        self.mailbox.put(lambda _: [TimePassed()], Purpose.TIME)

    def next_of(self, project: ProjectId, job: JobId) -> datetime | None:
        """When a job is due next, None when its schedule is spent. Callable from any thread."""
        return None if self._engine.is_spent(project, job) else self._timetable.next_of(project, job)

    def put_schedules(self, deployment: Deployment, since: Mapping[JobId, datetime]) -> None:
        """Replaces a project's lines in the timetable. Call it in the orchestrator's thread."""
        self._timetable.remove(deployment.project)
        for job in deployment.config.jobs:
            if job.schedules:
                self._timetable.put(deployment.project, job.id, job.schedules, since[job.id])

    def _move_alarm(self) -> None:
        instants = [instant for instant in (self._wake_at, self._timetable.next_at()) if instant is not None]
        earliest = min(instants, default=None)
        if earliest != self._alarm_at:
            self._alarm_at = earliest
            self._set_alarm(earliest)

    # --- beginning again --------------------------------------------------------------------------------

    def _restore(self) -> None:
        """Rebuilds memory from the database and finds out what became of the attempts that it calls alive."""
        self.facts.drop_all()
        with self._database.reader() as reader:
            self._engine, self._timetable = restore(reader, self._capacity)
            alive = reader.alive_attempts()
        reports = [report for one in alive for report in self._supervision.take_over(one.key, one.directory)]
        self._decide(lambda writer: [*_write_reports(writer, reports), TimePassed()], Purpose.RESTORE)
        self._move_alarm()


def _write_reports(writer: Writer, reports: Sequence[Report]) -> list[Event]:
    events: list[Event] = []
    for report in reports:
        match report:
            case Started(attempt=attempt, supervisor_pid=pid, supervisor_start_time=start_time):
                writer.attempt_running(attempt, pid, start_time, boot_id(), clock.now())
                events.append(AttemptStarted(attempt))
            case AttemptEnded():
                events.append(report)
    return events
