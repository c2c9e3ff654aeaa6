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
from collections.abc import Callable, Sequence
from datetime import datetime

from skafd import clock
from skafd.addons.program import Programs
from skafd.daemon.abroad import Abroad
from skafd.daemon.changes import Changes
from skafd.daemon.keeping import Wanted
from skafd.daemon.launches import CheckEnvironments
from skafd.daemon.lookups import Lookups
from skafd.daemon.mailbox import Mailbox, Prepare, Question, Request
from skafd.daemon.memory import Memory
from skafd.daemon.orphans import FindOut
from skafd.daemon.reports import Report, write_reports
from skafd.daemon.services import Services, split_reports
from skafd.daemon.spark.equipping import Equipping
from skafd.daemon.spark.keeping import SparkKeeping
from skafd.daemon.supervision import Supervision
from skafd.daemon.warm_servers import WarmServers
from skafd.errors import SkafdError, StoreError
from skafd.home import Home
from skafd.machine.room import shortage_of
from skafd.model.decisions import Decisions, Event, TimePassed
from skafd.model.ids import AttemptKey, JobId, ProjectId, TaskKey
from skafd.model.limits import Capacity
from skafd.model.missed import MissedCause
from skafd.model.service import Service, service_name
from skafd.sandbox.cgroup.base import CgroupPlace
from skafd.sandbox.spec import AttemptSpec
from skafd.store import Database, Purpose, Writer, is_disk_full
from skafd.threads import Threads

log = logging.getLogger("skafd.orchestrator")

_ALL_SAID_BY_DECISIONS = frozenset(
    {Purpose.TIME, Purpose.REPORTS, Purpose.RUN_REQUEST, Purpose.BY_HAND, Purpose.CANCEL_REQUEST, Purpose.JOB_CALLS}
)
_OF_ONE_PROJECT = frozenset({Purpose.PROJECT, Purpose.UNCHANGED, Purpose.REFUSAL, Purpose.DEPLOY})
"""Announced by who asks: of the other projects nothing changes."""
_SHOWN_NOWHERE = frozenset({Purpose.VARIABLE, Purpose.WEBHOOK_TOKEN, Purpose.DATA_TOKEN})
_NOT_ANNOUNCED = _ALL_SAID_BY_DECISIONS | _OF_ONE_PROJECT | _SHOWN_NOWHERE
"""Requests that write nothing that a screen shows but what the engine decided, or that announce it themselves."""
_NOBODY_ASKS_AGAIN = frozenset({Purpose.TIME, Purpose.REPORTS})
"""The time that has come, and what threads found out: refused, they are found again from the start."""
_SECONDS_BEFORE_TRYING_AGAIN = 1.0
"""After the database refused a write (disk full, read-only): often enough to go on by itself, not a storm."""
_FAILURES_PER_REMARK = 600
_GATHERED_SECONDS = 0.005


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
        programs: Programs | None = None,
        check_environments: CheckEnvironments = lambda _deployment: None,
    ) -> None:
        """Starts the launcher; `start()` begins the turns. Raises OSError where there can be no launcher."""
        super().__init__(name="orchestrator", daemon=True)
        self.mailbox = Mailbox()
        self.memory = Memory(home, database, capacity, set_alarm, check_environments)
        self.turns = 0
        """How often the loop came round: it grows after `mailbox.wake` as long as the thread is well."""
        self._home = home
        self._database = database
        self._changes = changes
        self._selector = selectors.DefaultSelector()
        self._selector.register(self.mailbox, selectors.EVENT_READ, self.mailbox)
        self._threads = Threads("aside")
        self._supervision = Supervision(
            home, place, self._selector, self._spec, self._threads, self._hear_later, self._wanted, self._abroad
        )
        programs = programs or Programs()
        self._services = Services(home, database, programs, self._supervision)
        self._warm_servers = WarmServers(home, place, self._services)
        programs.add(self._warm_servers.program)
        self._spark = SparkKeeping(home, capacity, self._services)
        self._equipping = Equipping(home, self._spark)
        self._lookups = Lookups(self._threads, lambda found: self.mailbox.put(lambda _writer: [found], Purpose.REPORTS))
        self._late: list[Report] = []
        """What threads found out of services."""
        self._wake_at: datetime | None = None
        self._stopping = threading.Event()
        self._failures = 0
        self._refusal = ""
        """What everything waits for since the last turn failed, for people; empty when all is well."""

    # --- callable from any thread -----------------------------------------------------------------------

    def stop(self) -> None:
        """Ends the thread after the present turn."""
        self._stopping.set()
        self.mailbox.wake()

    @property
    def trouble(self) -> str:
        """Why nothing new is started at all, for people; empty when all is well."""
        shortage = self.memory.shortage or (shortage_of(self._home.path) if self._refusal else "")
        return f"waits for {shortage}" if shortage else self._refusal

    def ring(self) -> None:
        """Time has come."""
        self.mailbox.put(self._on_time, Purpose.TIME)

    def next_of(self, project: ProjectId, job: JobId) -> datetime | None:
        """When a job is due next, None when its schedule is spent."""
        return self.memory.next_of(project, job)

    def explain(self, tasks: Sequence[TaskKey]) -> dict[TaskKey, str]:
        """What those of these tasks that have not begun wait for now. Raises DaemonUnreachable at the end."""
        return self.mailbox.inquire(lambda: self.memory.explain(tasks)).result()

    def need_service(self, name: str) -> Service:
        """Starts a service unless it is there; it may take a while until it answers. Raises NotFound."""
        return self.mailbox.inquire(lambda: self._services.need(name)).result()

    def stop_service(self, name: str, reason: str) -> Service:
        """Asks a service to end. Raises NotFound if it was never started."""
        return self.mailbox.inquire(lambda: self._services.stop(name, reason)).result()

    def stop_services(self, reason: str) -> list[str]:
        """Asks every service to end; returns those that have not ended yet."""
        return self.mailbox.inquire(lambda: self._services.stop_all(reason)).result()

    def find_service(self, name: str) -> Service:
        """How it is with a service. Raises NotFound if it was never started."""
        return self.mailbox.inquire(lambda: self._services.find(name)).result()

    # --- the loop ---------------------------------------------------------------------------------------

    def run(self) -> None:
        """Turns until `stop`."""
        try:
            while not self._stopping.is_set():
                self._turn()
                self.turns += 1
        finally:
            self.mailbox.close()
            self._threads.end()
            self._supervision.close()
            self._selector.close()

    def _turn(self) -> None:
        try:
            if self.memory.is_doubtful:
                self._restore()
            if self._supervision.is_crowded:
                # What comes meanwhile is decided, and synced to the disk, together.
                self._stopping.wait(_GATHERED_SECONDS)
            ready = [key.data for key, _ in self._selector.select(self._services.patience_seconds())]
            of_services, reports = split_reports(self._supervision.hear(ready))
            if reports:
                self._act(self._decide_on(reports, Purpose.REPORTS))
            for request in self.mailbox.take() if self.mailbox in ready else ():
                self._answer(request)
            self._tend(of_services)
            self.memory.agenda.move_alarm(self._wake_at)
        except Exception as error:
            self._begin_again(error)
        else:
            self._failures = 0
            if self._refusal:
                log.info("all goes on again")
                self._refusal = ""
                self._changes.announce()

    def _begin_again(self, error: Exception) -> None:
        """Memory may be ahead of the disk: starts from what is written; after a pause if that has failed too."""
        self.memory.is_doubtful = True
        if is_disk_full(error):
            self.memory.agenda.failed(MissedCause.DISK_FULL)
        self._failures += 1
        if self._failures == 1:
            log.error("starting again from the database: %s", error, exc_info=not isinstance(error, SkafdError))
            self.mailbox.wake()
            return
        if self._failures % _FAILURES_PER_REMARK == 2:
            log.error("that failed too, it is tried every second: %s", error)
        awaited = "the database, which takes nothing" if isinstance(error, StoreError) else "the machine"
        self._refusal = f"waits for {awaited}: {error}"
        self._changes.announce()
        self.mailbox.fail(error)
        self._stopping.wait(_SECONDS_BEFORE_TRYING_AGAIN)

    # --- deciding ---------------------------------------------------------------------------------------

    def _decide_on(self, reports: Sequence[Report], purpose: Purpose) -> Decisions:
        # One instant for all of it: what started and ended in the same breath did not end before it started.
        now = clock.now()
        return self._decide(lambda writer: write_reports(writer, reports, now), purpose, now)

    def _decide(self, prepare: Prepare, purpose: Purpose, now: datetime | None = None) -> Decisions:
        """One transaction."""
        with self._database.transaction(purpose) as writer:
            decisions = self.memory.decide(writer, prepare, now or clock.now())
        self.memory.committed(decisions)
        return decisions

    def _act(self, decisions: Decisions) -> None:
        """Kills and launches. What could not even be launched has ended, from which something may follow again."""
        while True:
            self._wake_at = decisions.wake_at
            for kill in decisions.kills:
                self._supervision.kill(kill)
            failed = [report for attempt in decisions.launches for report in self._supervision.launch(attempt)]
            self._announce(decisions)
            for wanted in decisions.wanted:
                self._lookups.begin(wanted, self.memory.lookup_of(wanted))
            if not failed and not self.memory.backfilling.has_room:
                return
            decisions = self._decide_on(failed, Purpose.NOT_LAUNCHED)

    def _announce(self, decisions: Decisions) -> None:
        concerned = {run.key.project for run in decisions.new_runs}
        concerned |= {transition.task.run.project for transition in decisions.transitions}
        concerned |= {missed.project for missed in decisions.missed}
        concerned |= {unheeded.project for unheeded in decisions.unheeded}
        concerned |= {gathered.project for gathered in decisions.gathered}
        if concerned:
            self._changes.announce(concerned)

    def _answer(self, request: Request | Question) -> None:
        """Whoever asked gets the result or the error; only an error after `prepare` concerns us too."""
        if isinstance(request, Question):
            request.fulfil()
            return
        try:
            decisions = self._decide(request.prepare, request.purpose)
        except Exception as error:
            request.future.set_exception(error)
            if self.memory.is_doubtful or request.purpose in _NOBODY_ASKS_AGAIN:
                raise
            if not isinstance(error, SkafdError):
                log.exception("a request failed")
            return
        if request.purpose not in _NOT_ANNOUNCED:
            self._changes.announce()
        try:
            self._act(decisions)
        finally:
            # It is on disk: whatever could not be done about it yet will be.
            request.fulfil(decisions)

    def _tend(self, reports: Sequence[Report]) -> None:
        late, self._late = self._late, []
        self._spark.tend(alive for project in self._spark.projects for alive in self.memory.engine.alive(project))
        if self._services.tend([*reports, *late]):
            self._changes.announce()

    def _spec(self, attempt: AttemptKey) -> AttemptSpec:
        if service_name(attempt) is not None:
            return self._services.spec(attempt)
        spec = self.memory.spec(attempt)
        return self._warm_servers.offer(self._equipping.equip(spec, attempt, self.memory))

    def _wanted(self, attempt: AttemptKey) -> Wanted:
        return self.memory.wanted(attempt) if service_name(attempt) is None else Wanted(())

    def _abroad(self, attempt: AttemptKey) -> Abroad | None:
        return self.memory.abroad(attempt) if service_name(attempt) is None else None

    def _hear_later(self, find_out: FindOut) -> None:
        """Called by threads that took long to find something out."""

        def prepare(writer: Writer) -> list[Event]:
            of_services, of_tasks = split_reports(find_out())
            self._late += of_services
            return write_reports(writer, of_tasks, clock.now())

        self.mailbox.put(prepare, Purpose.REPORTS)

    def _on_time(self, _: Writer) -> list[Event]:
        self.memory.agenda.rang()
        return [TimePassed()]

    def _restore(self) -> None:
        """Rebuilds memory from the database and finds out what became of the attempts that it calls alive."""
        self._supervision.recover()
        with self._database.reader() as reader:
            self.memory.restore(reader)
            alive = reader.alive_attempts()
            services = reader.services()
        reports = [report for one in alive for report in self._supervision.take_over(one)]
        self._act(self._decide_on(reports, Purpose.RESTORE))
        self._equipping.restore(alive, self.memory)
        self._services.restore(services)
        self.memory.agenda.move_alarm(self._wake_at)
        # A write that failed after its commit was announced to nobody.
        self._changes.announce()
