"""What supervision reports of attempts, and what of it is written and told to the engine."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from skafd.model.decisions import AttemptEnded, AttemptStarted, Event
from skafd.model.ids import AttemptKey
from skafd.model.kept import Content
from skafd.model.outcome import OomKilled
from skafd.sandbox.identity import boot_id
from skafd.store import Writer


@dataclass(frozen=True, slots=True)
class Started:
    """A supervisor says that its job was exec'ed."""

    attempt: AttemptKey
    supervisor_pid: int
    supervisor_start_time: int


@dataclass(frozen=True, slots=True)
class EndedWithFiles:
    """An attempt has ended, and these files of it are kept."""

    ended: AttemptEnded
    files: tuple[tuple[str, Content], ...]

    @property
    def attempt(self) -> AttemptKey:
        """Whose files they are."""
        return self.ended.attempt


Report = Started | AttemptEnded | EndedWithFiles


def write_reports(writer: Writer, reports: Sequence[Report], now: datetime) -> list[Event]:
    """Notes who runs what; returns what the engine is to be told."""
    events: list[Event] = []
    for report in reports:
        match report:
            case Started(attempt=attempt, supervisor_pid=pid, supervisor_start_time=start_time):
                writer.attempt_running(attempt, pid, start_time, boot_id(), now)
                events.append(AttemptStarted(attempt))
            case AttemptEnded():
                events.append(_with_history(writer, report))
            case EndedWithFiles(ended=ended, files=files):
                for name, content in files:
                    writer.add_artifact(ended.attempt, name, content, "file", "file", now)
                events.append(_with_history(writer, ended))
    return events


def _with_history(writer: Writer, ended: AttemptEnded) -> AttemptEnded:
    """What a job took before says how much it may need, where it had too little."""
    if not isinstance(ended.outcome, OomKilled):
        return ended
    peak = writer.highest_peak_bytes(ended.attempt.task)
    return replace(ended, outcome=replace(ended.outcome, earlier_peak_bytes=peak))
