"""The status of every project, kept until what is written of it changes: a screen asks often."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path

from skafd import clock
from skafd.api.shapes import JobStatus, ProjectStatus
from skafd.daemon import present
from skafd.daemon.changes import Changes
from skafd.daemon.statuses import NextOf, Notes, project_status
from skafd.engine.awaited import awaited
from skafd.model.decisions import Gathered
from skafd.model.deployment import Deployment
from skafd.model.ids import JobId, ProjectId
from skafd.store import Database, Reader, views


@dataclass(frozen=True, slots=True)
class _Known:
    """`written` is as of change `as_of`; `shown`, with what is written nowhere, has been so since `shown_since`."""

    as_of: int
    live: Deployment | None
    written: ProjectStatus
    gathered: tuple[Gathered, ...]
    shown: ProjectStatus
    shown_since: int


class StatusBoard:
    """Callable from any thread: two that look at once may work twice, and find the same."""

    def __init__(self, changes: Changes, notes_of: Callable[[Path], Notes], next_of: NextOf) -> None:
        self._changes = changes
        self._notes_of = notes_of
        self._next_of = next_of
        self._known: dict[ProjectId, _Known] = {}

    def all(self, database: Database, changed_after: int = -1) -> tuple[list[ProjectStatus], list[str]]:
        """The projects that changed after that number, and the short names of all."""
        # Asked before the snapshot begins: what is newer than the number is looked at once more, never missed.
        number = self._changes.number
        with database.reader() as reader:
            rows = reader.projects()
            self._known = {row.id: known for row, known in self._looked_up(reader, rows, number)}
        known = [self._known[row.id] for row in rows]
        return [each.shown for each in known if each.shown_since > changed_after], [row.slug for row in rows]

    def of(self, reader: Reader, row: views.ProjectRow) -> ProjectStatus:
        """One project, from the snapshot of the reader, without what is kept."""
        live = None if row.live_deployment is None else reader.deployment(row.id, row.live_deployment)
        return self._shown(row, project_status(reader, row, live), live, reader.gathered(row.id))

    def _looked_up(
        self, reader: Reader, rows: tuple[views.ProjectRow, ...], number: int
    ) -> Iterator[tuple[views.ProjectRow, _Known]]:
        for row in rows:
            known = self._known.get(row.id)
            if known is None or known.as_of < self._changes.written_of(row.id):
                known = self._read(reader, row, known, number)
            yield row, self._refreshed(row, known, number)

    def _read(self, reader: Reader, row: views.ProjectRow, known: _Known | None, number: int) -> _Known:
        live = known.live if known else None
        if row.live_deployment is None:
            live = None
        elif live is None or live.number != row.live_deployment:
            live = reader.deployment(row.id, row.live_deployment)
        written, gathered = project_status(reader, row, live), reader.gathered(row.id)
        if known is None:
            return _Known(number, live, written, gathered, written, number)
        return replace(known, as_of=number, live=live, written=written, gathered=gathered)

    def _refreshed(self, row: views.ProjectRow, known: _Known, number: int) -> _Known:
        shown = self._shown(row, known.written, known.live, known.gathered)
        return known if shown == known.shown else replace(known, shown=shown, shown_since=number)

    def _shown(
        self, row: views.ProjectRow, written: ProjectStatus, live: Deployment | None, gathered: tuple[Gathered, ...]
    ) -> ProjectStatus:
        notes = self._notes_of(row.path)
        waiting = _waiting(live, gathered)
        jobs = [replace(self._with_next(row.id, job), waits_for=waiting.get(job.id, "")) for job in written.jobs]
        warnings = list(notes.warnings)
        return replace(written, activity=notes.activity, build=notes.build, warnings=warnings, jobs=jobs)

    def _with_next(self, project: ProjectId, job: JobStatus) -> JobStatus:
        if job.schedule is None:
            return job
        return replace(job, next_at=present.iso(self._next_of(project, JobId(job.id))))


def _waiting(live: Deployment | None, gathered: tuple[Gathered, ...]) -> dict[str, str]:
    """What jobs wait for from outside, by their ids."""
    waiting = [job for job in live.config.jobs if job.triggers] if live else []
    now = clock.now() if waiting else None
    return {job.id: awaited(job, [one for one in gathered if one.job == job.id], now) for job in waiting if now}
