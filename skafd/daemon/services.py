"""The long-lived processes that skafd keeps running: their record, their next step, their start and their end.

Owned by the orchestrator's thread. What is decided is on disk before it is done, as with tasks: so whatever is killed,
the folder of the last start says whether there is a process, and there is never a second one.
"""

from __future__ import annotations

import hashlib
import logging
import shutil
from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from pathlib import Path

from skafd import clock
from skafd.addons import keeping
from skafd.addons.program import Programs, ServiceProgram
from skafd.daemon.reports import Report, Started
from skafd.daemon.supervision import Supervision
from skafd.errors import NotFound, SkafdError
from skafd.home import Home
from skafd.model.decisions import AttemptEnded, Kill
from skafd.model.ids import AttemptKey
from skafd.model.limits import Limits
from skafd.model.service import Service, ServiceState, service_name
from skafd.model.states import TaskState
from skafd.sandbox.identity import boot_id
from skafd.sandbox.small_files import make_folders
from skafd.sandbox.spec import AttemptSpec, ResourceLimits
from skafd.store import Database, Purpose
from skafd.store.views import AliveAttempt

log = logging.getLogger("skafd.services")

_KEPT_STARTS = 5
"""Folders with the logs of the last starts."""


class Services:
    """Every service that was ever started."""

    def __init__(self, home: Home, database: Database, programs: Programs, supervision: Supervision) -> None:
        self._home = home
        self._database = database
        self._programs = programs
        self._supervision = supervision
        self._boot_id = boot_id()
        self._services: dict[str, Service] = {}
        self._changed: set[str] = set()
        self._asked: set[str] = set()
        """Needed, although it is just ending: started when it has ended."""
        self._idle_at: dict[str, datetime] = {}
        self._held: frozenset[str] = frozenset()
        self.is_restored = False
        """What is written of services is known: before that, nobody can say which ones there are."""

    # --- asked in the orchestrator's thread, through its mailbox -----------------------------------------

    def need(self, name: str) -> Service:
        """Starts it unless it is there, and begins its idle time anew. Raises NotFound for what nobody can run."""
        program = self._programs.find(name)
        now = clock.now()
        service = self._services.get(name) or Service(name, since=now)
        self._put(keeping.need(service, self._boot_id, now))
        if service.state is ServiceState.STOPPING:
            self._asked.add(name)
        self._be_patient(program, now)
        return self._services[name]

    def stop(self, name: str, reason: str) -> Service:
        """Asks it to end; what ends or has ended is left alone. Raises NotFound."""
        self._asked.discard(name)
        self._put(keeping.stop(self.find(name), reason, clock.now()))
        return self.find(name)

    def stop_all(self, reason: str) -> list[str]:
        """Asks every service to end; returns the names of those that have not ended yet."""
        for name in list(self._services):
            self.stop(name, reason)
        return [service.name for service in self._services.values() if service.has_process]

    def find(self, name: str) -> Service:
        """How it is with a service. Raises NotFound if it was never started."""
        if name not in self._services:
            raise NotFound(f"the service {name} was never started", "`skafd status` lists those that run")
        return self._services[name]

    def hold(self, names: frozenset[str]) -> None:
        """These count as in use, whatever their programs say, and no others that were named before."""
        self._held = names

    def state_of(self, name: str) -> ServiceState | None:
        """How it is with a service; None if it was never started."""
        return self._services[name].state if name in self._services else None

    def names_alive(self) -> list[str]:
        """Those that have a process, or are about to have one again."""
        return [name for name, service in self._services.items() if service.state is not ServiceState.STOPPED]

    # --- the orchestrator's turn ------------------------------------------------------------------------

    def patience_seconds(self) -> float | None:
        """When the next turn is due at the latest; None: when something happens."""
        due = [service.start_at for service in self._services.values() if service.start_at is not None]
        due += [at for name, at in self._idle_at.items() if self._services[name].state is ServiceState.RUNNING]
        return max(0.0, (min(due) - clock.now()).total_seconds()) if due else None

    def tend(self, reports: Iterable[Report] = ()) -> bool:
        """Takes in what was heard, writes what follows, then does it. True if something changed. Raises StoreError."""
        self._hear(reports, clock.now())
        self._watch_clock(clock.now())
        changed = bool(self._changed)
        while self._changed:
            names, self._changed = self._changed, set()
            with self._database.transaction(Purpose.SERVICE) as writer:
                for name in sorted(names):
                    writer.put_service(self._services[name])
            self._hear([report for name in sorted(names) for report in self._act(self._services[name])], clock.now())
        return changed

    def restore(self, services: Sequence[Service]) -> None:
        """Begins with what is written, and finds out what became of the processes. Raises StoreError."""
        now = clock.now()
        self._services = {service.name: service for service in services}
        self.is_restored = True
        self._changed.clear()
        self._idle_at.clear()
        reports = [report for one in services if one.has_process for report in self._take_over(one)]
        for service in services:
            if service.state is not ServiceState.STOPPED:
                self._keep_or_end(service, now)
        self.tend(reports)

    def spec(self, attempt: AttemptKey) -> AttemptSpec:
        """What the supervisor of a start is told. Raises SkafdError when it cannot be made."""
        name = str(attempt.task.job)
        program = self._programs.find(name)
        folder = self._folder(self._services[name])
        return AttemptSpec(
            name=str(folder.relative_to(self._home.path)),
            directory=str(folder),
            commands=(program.command,),
            environment=program.environment,
            cgroup_name=hashlib.sha256(str(folder).encode()).hexdigest()[:16],
            notify_socket=str(self._home.supervisors_socket),
            secrets=program.secrets,
            limits=ResourceLimits(program.memory_bytes, program.cpu, program.processes),
            grace_seconds=program.grace_seconds,
            log_cap_bytes=program.log_cap_bytes,
            user=program.user,
            gives_away=program.gives_away,
        )

    # --- helpers ----------------------------------------------------------------------------------------

    def _put(self, service: Service) -> None:
        if self._services.get(service.name) != service:
            self._services[service.name] = service
            self._changed.add(service.name)

    def _hear(self, reports: Iterable[Report], now: datetime) -> None:
        for report in reports:
            service = self._services.get(service_name(report.attempt) or "")
            if service is None or service.attempt != report.attempt:
                continue
            if isinstance(report, Started):
                self._put(keeping.started(service, now))
            elif isinstance(report, AttemptEnded) and service.has_process:
                self._on_end(keeping.ended(service, report.outcome, now), now)

    def _on_end(self, service: Service, now: datetime) -> None:
        if service.state is ServiceState.WAITING:
            log.warning("the service %s ended and is started again: %s", service.name, service.reason)
        elif service.name in self._asked:
            self._asked.discard(service.name)
            service = keeping.need(service, self._boot_id, now)
        self._put(service)

    def _act(self, service: Service) -> list[Report]:
        if service.state is ServiceState.STARTING:
            self._remove_old_starts(service)
            return self._supervision.launch(service.attempt)
        if service.state is ServiceState.STOPPING:
            self._supervision.kill(Kill(service.attempt, service.reason))
        return []

    def _watch_clock(self, now: datetime) -> None:
        for service in list(self._services.values()):
            self._put(keeping.time_passed(service, self._boot_id, now))
            idle_at = self._idle_at.get(service.name)
            if service.state is ServiceState.RUNNING and idle_at is not None and idle_at <= now:
                self._end_unless_used(service, now)

    def _end_unless_used(self, service: Service, now: datetime) -> None:
        try:
            program = self._programs.find(service.name)
        except SkafdError as error:
            self._put(keeping.stop(service, error.message, now))
            return
        if service.name in self._held or program.is_in_use():
            self._be_patient(program, now)
        else:
            self._put(keeping.stop(service, "nobody has used it for a while", now))

    def _be_patient(self, program: ServiceProgram, now: datetime) -> None:
        if program.idle_seconds is not None:
            self._idle_at[program.name] = now + timedelta(seconds=program.idle_seconds)

    def _keep_or_end(self, service: Service, now: datetime) -> None:
        """After a start of the daemon: what this version does not know is ended; what is ending is asked again."""
        try:
            self._be_patient(self._programs.find(service.name), now)
        except SkafdError as error:
            self._put(keeping.stop(service, error.message, now))
        if service.state is ServiceState.STOPPING:
            self._supervision.kill(Kill(service.attempt, service.reason))

    def _take_over(self, service: Service) -> list[Report]:
        return self._supervision.take_over(
            AliveAttempt(
                key=service.attempt,
                state=TaskState.RUNNING,
                slug=service.name,
                directory=self._folder(service),
                limits=Limits(),
                supervisor_pid=None,
                supervisor_start_time=None,
                boot_id=service.boot_id,
                launched_at=service.since,
            )
        )

    def _folder(self, service: Service) -> Path:
        return start_folder(self._home, service)

    def _remove_old_starts(self, service: Service) -> None:
        folder = self._home.services / service.name
        make_folders(str(folder))
        for old in folder.iterdir():
            if old.name.isdigit() and int(old.name) <= service.number - _KEPT_STARTS:
                shutil.rmtree(old, ignore_errors=True)


def start_folder(home: Home, service: Service) -> Path:
    """Where the last start has its log: `services/<name>/<start>`."""
    return home.services / service.name / str(service.number)


def split_reports(reports: Iterable[Report]) -> tuple[list[Report], list[Report]]:
    """Those of services, and those of tasks."""
    of_services: list[Report] = []
    of_tasks: list[Report] = []
    for report in reports:
        (of_tasks if service_name(report.attempt) is None else of_services).append(report)
    return of_services, of_tasks
