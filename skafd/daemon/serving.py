"""The part of the backend that concerns long-lived processes. Callable from any thread but the orchestrator's."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path

from skafd.addons.program import Programs, ServiceProgram
from skafd.api.shapes import ServiceInfo
from skafd.api.sockets import connect
from skafd.daemon.changes import Changes
from skafd.daemon.orchestrator import Orchestrator
from skafd.daemon.present import iso
from skafd.daemon.services import start_folder
from skafd.errors import DaemonUnreachable, SandboxError, SkafdError
from skafd.home import Home
from skafd.model.service import Service, ServiceState
from skafd.sandbox import claim, processes
from skafd.store import Database

_ANSWERS_WITHIN_SECONDS = 60.0
_ENDS_WITHIN_SECONDS = 30.0
_LOOK_SECONDS = 0.02
_HOPELESS_RESTARTS = 3
"""Ended so often while somebody waits for it: who waits is told why."""


class Serving:
    """Starts services for those who need them, and says how it is with them."""

    def __init__(
        self, home: Home, database: Database, orchestrator: Orchestrator, programs: Programs, changes: Changes
    ) -> None:
        self._home = home
        self._database = database
        self._orchestrator = orchestrator
        self._programs = programs
        self._changes = changes

    def services(self) -> list[ServiceInfo]:
        """All that were ever started."""
        with self._database.reader() as reader:
            found = reader.services()
        return [self._info(service) for service in found]

    def start(self, name: str) -> ServiceInfo:
        """Returns when the service answers.

        Raises NotFound for no service, SkafdError when it ends again and again, DaemonUnreachable when it takes long.
        """
        program = self._programs.find(name)
        deadline = time.monotonic() + _ANSWERS_WITHIN_SECONDS
        service = self._orchestrator.need_service(name)
        restarts = service.restarts
        while not _answers(program, service):
            if service.restarts - restarts >= _HOPELESS_RESTARTS:
                raise SkafdError(*self._what_is_wrong(service))
            if time.monotonic() > deadline:
                raise DaemonUnreachable(*self._what_is_wrong(service))
            self._changes.wait(self._changes.number, _LOOK_SECONDS)
            service = self._orchestrator.need_service(name)
        return self._info(service)

    def stop(self, name: str) -> ServiceInfo:
        """Returns when it has ended, or after a while."""
        reason = "it was stopped by request"
        start = self._orchestrator.stop_service(name, reason).number

        def is_left() -> bool:
            # Asked again and again: while the database refuses to note it, it is forgotten.
            is_same = self._orchestrator.find_service(name).number == start
            return is_same and self._orchestrator.stop_service(name, reason).has_process

        self._wait_while(is_left)
        return self._info(self._orchestrator.find_service(name))

    def stop_all(self, reason: str) -> list[str]:
        """Ends every service; returns those that are still there after a while."""
        self._wait_while(lambda: bool(self._orchestrator.stop_services(reason)))
        return self._orchestrator.stop_services(reason)

    def _wait_while(self, holds: Callable[[], bool]) -> None:
        deadline = time.monotonic() + _ENDS_WITHIN_SECONDS
        while holds() and time.monotonic() < deadline:
            self._changes.wait(self._changes.number, _LOOK_SECONDS)

    def _info(self, service: Service) -> ServiceInfo:
        folder = start_folder(self._home, service)
        pid = _main_process(folder) if service.has_process else None
        return ServiceInfo(
            name=service.name,
            state=service.state.value,
            since=service.since.isoformat(),
            restarts=service.restarts,
            start_at=iso(service.start_at),
            reason=service.reason,
            pid=pid,
            memory_bytes=_memory_bytes(pid) if pid else None,
            log=str(folder / "log"),
            url=self._url(service) if service.has_process else None,
        )

    def _url(self, service: Service) -> str | None:
        try:
            return self._programs.find(service.name).url
        except SkafdError:
            # Of a version that had other services.
            return None

    def _what_is_wrong(self, service: Service) -> tuple[str, str]:
        why = f": {service.reason}" if service.reason else ""
        log = start_folder(self._home, service) / "log"
        return f"the service {service.name} does not answer{why}", f"its log says more: {log}"


def _answers(program: ServiceProgram, service: Service) -> bool:
    if service.state is not ServiceState.RUNNING or program.socket is None:
        return service.state is ServiceState.RUNNING
    try:
        connect(program.socket, _ANSWERS_WITHIN_SECONDS).close()
    except OSError:
        return False
    return True


def _main_process(folder: Path) -> int | None:
    try:
        found = claim.read(str(folder))
    except SandboxError:
        return None
    return next(iter(processes.descendants(found.supervisor_pid)), None) if found else None


def _memory_bytes(pid: int) -> int:
    return sum(processes.resident_bytes(one) for one in (pid, *processes.descendants(pid)))
