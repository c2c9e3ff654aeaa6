"""The status of every project, kept until what is written of it changes: a screen asks often."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path

from skafd import clock
from skafd.api.shapes import ProjectStatus
from skafd.daemon import present
from skafd.daemon.changes import Changes
from skafd.daemon.statuses import NextOf, Notes, project_status
from skafd.engine.awaited import awaited
from skafd.model.decisions import Gathered
from skafd.model.deployment import Deployment
from skafd.model.ids import JobId
from skafd.store import Database, Reader, views


@dataclass(frozen=True, slots=True)
class _Written:
    """What the database has of a project."""

    live: Deployment | None
    status: ProjectStatus
    gathered: tuple[Gathered, ...]


@dataclass(frozen=True, slots=True)
class _Unwritten:
    """What a screen shows of a project that is in no database."""

    notes: Notes
    next_at: tuple[datetime | None, ...]
    """Of the jobs that have a schedule."""
    waiting: tuple[tuple[str, str], ...]
    """What jobs wait for from outside, by their ids."""


@dataclass(frozen=True, slots=True)
class _Known:
    """`written` is as of change `as_of`; `shown`, with what is written nowhere, has been so since `shown_since`."""

    as_of: int
    written: _Written
    unwritten: _Unwritten
    shown: ProjectStatus
    shown_since: int


@dataclass(frozen=True, slots=True)
class _Look:
    """All projects, with all that was written of them up to change `as_of`."""

    as_of: int
    rows: tuple[views.ProjectRow, ...]
    known: tuple[_Known, ...]


class StatusBoard:
    """Callable from any thread: two that look at once may work twice, and find the same."""

    def __init__(self, changes: Changes, notes_of: Callable[[Path], Notes], next_of: NextOf) -> None:
        self._changes = changes
        self._notes_of = notes_of
        self._next_of = next_of
        self._look: _Look | None = None

    def all(self, database: Database, changed_after: int = -1) -> tuple[list[ProjectStatus], list[str]]:
        """The projects that changed after that number, and the short names of all."""
        # Asked before the snapshot begins: what is newer than the number is looked at once more, never missed.
        number = self._changes.number
        look = self._look
        if look is None or look.as_of < self._changes.written:
            with database.reader() as reader:
                rows = reader.projects()
                look = _Look(number, rows, tuple(self._looked_up(reader, rows, number)))
        elif look.as_of < number:
            # Nothing that is written: how far a build is, say. Then the database need not be asked.
            known = zip(look.rows, look.known, strict=True)
            look = replace(look, known=tuple(self._refreshed(row, one, one.written, number) for row, one in known))
        self._look = look
        shown = [one.shown for one in look.known if one.shown_since > changed_after]
        return shown, [row.slug for row in look.rows]

    def of(self, reader: Reader, row: views.ProjectRow) -> ProjectStatus:
        """One project, from the snapshot of the reader, without what is kept."""
        live = None if row.live_deployment is None else reader.deployment(row.id, row.live_deployment)
        written = _Written(live, project_status(reader, row, live), reader.gathered(row.id))
        return _shown(written.status, self._unwritten(row, written))

    def _looked_up(self, reader: Reader, rows: tuple[views.ProjectRow, ...], number: int) -> Iterator[_Known]:
        before = (
            {row.id: known for row, known in zip(self._look.rows, self._look.known, strict=True)} if self._look else {}
        )
        for row in rows:
            known = before.get(row.id)
            if known is None or known.as_of < self._changes.written_of(row.id):
                yield self._read(reader, row, known, number)
            else:
                yield self._refreshed(row, known, known.written, number)

    def _read(self, reader: Reader, row: views.ProjectRow, known: _Known | None, number: int) -> _Known:
        live = known.written.live if known else None
        if row.live_deployment is None:
            live = None
        elif live is None or live.number != row.live_deployment:
            live = reader.deployment(row.id, row.live_deployment)
        written = _Written(live, project_status(reader, row, live), reader.gathered(row.id))
        if known is None:
            unwritten = self._unwritten(row, written)
            return _Known(number, written, unwritten, _shown(written.status, unwritten), number)
        return replace(self._refreshed(row, known, written, number), as_of=number, written=written)

    def _refreshed(self, row: views.ProjectRow, known: _Known, written: _Written, number: int) -> _Known:
        """The same object where nothing is new, which is found out without going through the jobs."""
        unwritten = self._unwritten(row, written)
        if unwritten == known.unwritten and (written is known.written or written.status == known.written.status):
            return known
        shown = _shown(written.status, unwritten)
        return replace(known, written=written, unwritten=unwritten, shown=shown, shown_since=number)

    def _unwritten(self, row: views.ProjectRow, written: _Written) -> _Unwritten:
        scheduled = (job.id for job in written.status.jobs if job.schedule is not None)
        return _Unwritten(
            self._notes_of(row.path),
            tuple(self._next_of(row.id, JobId(job)) for job in scheduled),
            tuple(_waiting(written.live, written.gathered)),
        )


def _shown(written: ProjectStatus, unwritten: _Unwritten) -> ProjectStatus:
    coming = iter(unwritten.next_at)
    jobs = [job if job.schedule is None else replace(job, next_at=present.iso(next(coming))) for job in written.jobs]
    waiting = dict(unwritten.waiting)
    jobs = [replace(job, waits_for=waiting[job.id]) if job.id in waiting else job for job in jobs]
    notes = unwritten.notes
    warnings = list(notes.warnings)
    return replace(written, activity=notes.activity, build=notes.build, warnings=warnings, jobs=jobs)


def _waiting(live: Deployment | None, gathered: tuple[Gathered, ...]) -> Iterator[tuple[str, str]]:
    waiting = [job for job in live.config.jobs if job.triggers] if live else []
    now = clock.now()
    for job in waiting:
        yield job.id, awaited(job, [one for one in gathered if one.job == job.id], now)
