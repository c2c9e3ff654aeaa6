"""What happens to a service: pure functions from a service and an event to the service as it is then."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta

from skafd.model.outcome import Exited, Outcome, describe
from skafd.model.service import Service, ServiceState

FIRST_PAUSE_SECONDS = 0.5
LONGEST_PAUSE_SECONDS = 30.0
STABLE_SECONDS = 5.0
"""Who ran so long and then failed begins again with the shortest pause."""


def pause_seconds(failures: int) -> float:
    """How long to wait after so many failures in a row: twice as long each time."""
    return float(min(FIRST_PAUSE_SECONDS * 2 ** min(failures - 1, 30), LONGEST_PAUSE_SECONDS))


def need(service: Service, boot_id: str, now: datetime) -> Service:
    """Somebody asks for it: one that is stopped is started; one that is ending, when it has ended."""
    return _start(service, boot_id, now) if service.state is ServiceState.STOPPED else service


def started(service: Service, now: datetime) -> Service:
    """Its supervisor says that it runs."""
    if service.state is not ServiceState.STARTING:
        return service
    return replace(service, state=ServiceState.RUNNING, since=now)


def stop(service: Service, reason: str, now: datetime) -> Service:
    """Nobody needs it any more, or somebody wants it to end."""
    if service.state is ServiceState.WAITING:
        return replace(service, state=ServiceState.STOPPED, since=now, start_at=None, failures=0, reason=reason)
    if service.state in (ServiceState.STARTING, ServiceState.RUNNING):
        return replace(service, state=ServiceState.STOPPING, since=now, reason=reason)
    return service


def ended(service: Service, outcome: Outcome, now: datetime) -> Service:
    """Its process is gone. One that was asked to end, or ended well by itself, stays away; any other comes back."""
    if service.state is ServiceState.STOPPING:
        return replace(service, state=ServiceState.STOPPED, since=now, failures=0)
    if outcome == Exited(0):
        return replace(service, state=ServiceState.STOPPED, since=now, failures=0, reason="it had nothing to do")
    was_stable = service.state is ServiceState.RUNNING and (now - service.since).total_seconds() >= STABLE_SECONDS
    failures = 1 if was_stable else service.failures + 1
    return replace(
        service,
        state=ServiceState.WAITING,
        since=now,
        failures=failures,
        start_at=now + timedelta(seconds=pause_seconds(failures)),
        reason=describe(outcome),
    )


def time_passed(service: Service, boot_id: str, now: datetime) -> Service:
    """Starts what has waited long enough."""
    if service.state is not ServiceState.WAITING or service.start_at is None or service.start_at > now:
        return service
    again = _start(service, boot_id, now)
    return replace(again, restarts=service.restarts + 1, failures=service.failures, reason=service.reason)


def _start(service: Service, boot_id: str, now: datetime) -> Service:
    return replace(
        service,
        state=ServiceState.STARTING,
        since=now,
        number=service.number + 1,
        failures=0,
        start_at=None,
        reason="",
        boot_id=boot_id,
    )
