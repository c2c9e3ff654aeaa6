"""A long-lived process of skafd's own, such as the data engine: what is recorded of it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from skafd.model.ids import AttemptKey, JobId, ProjectId, RunKey, TaskKey

SERVICES = ProjectId("services:")
"""No project has this id: services have the same supervisors as tasks, and so each start has an attempt's key."""


class ServiceState(StrEnum):
    """How it is with a service."""

    STOPPED = "stopped"
    """Nobody needs it."""
    STARTING = "starting"
    RUNNING = "running"
    STOPPING = "stopping"
    """It was asked to end."""
    WAITING = "waiting"
    """It ended by itself, and is started again after a pause."""


@dataclass(frozen=True, slots=True)
class Service:
    """A service as the database has it."""

    name: str
    since: datetime
    """When it came into this state."""
    state: ServiceState = ServiceState.STOPPED
    number: int = 0
    """Of its last start; numbers are never used again, so no two processes have one."""
    restarts: int = 0
    """How often it was started again because it had ended by itself."""
    failures: int = 0
    """How often in a row it ended soon."""
    start_at: datetime | None = None
    """When it is WAITING: until when."""
    reason: str = ""
    """Why it ended the last time."""
    boot_id: str | None = None
    """In which boot of the machine it was started."""

    @property
    def has_process(self) -> bool:
        """There may be a process of it."""
        return self.state in (ServiceState.STARTING, ServiceState.RUNNING, ServiceState.STOPPING)

    @property
    def attempt(self) -> AttemptKey:
        """What supervision calls its present process."""
        return AttemptKey(TaskKey(RunKey(SERVICES, 0), JobId(self.name)), self.number)


def service_name(attempt: AttemptKey) -> str | None:
    """The service that an attempt is a start of; None for that of a task."""
    return str(attempt.task.job) if attempt.task.run.project == SERVICES else None
