"""What supervision reports of attempts, and what of it is written and told to the engine."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from skafd.model.decisions import AttemptEnded, AttemptStarted, Event
from skafd.model.ids import AttemptKey
from skafd.sandbox.identity import boot_id
from skafd.store import Writer


@dataclass(frozen=True, slots=True)
class Started:
    """A supervisor says that its job was exec'ed."""

    attempt: AttemptKey
    supervisor_pid: int
    supervisor_start_time: int


Report = Started | AttemptEnded


def write_reports(writer: Writer, reports: Sequence[Report], now: datetime) -> list[Event]:
    """Notes who runs what; returns what the engine is to be told."""
    events: list[Event] = []
    for report in reports:
        match report:
            case Started(attempt=attempt, supervisor_pid=pid, supervisor_start_time=start_time):
                writer.attempt_running(attempt, pid, start_time, boot_id(), now)
                events.append(AttemptStarted(attempt))
            case AttemptEnded():
                events.append(report)
    return events
