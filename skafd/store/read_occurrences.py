"""What became of occurrences, for screens and for a clock that was set back."""

from __future__ import annotations

from datetime import datetime

from skafd.model.ids import JobId, ProjectId
from skafd.store.instants import to_instant, to_microseconds
from skafd.store.statements import PROJECT, Statements
from skafd.store.views import MissedOccurrence


class OccurrenceReader(Statements):
    """The part of the Reader, and of the Writer, that asks about occurrences."""

    def was_decided(self, project: ProjectId, job: JobId, instant: datetime) -> bool:
        """Whether the occurrence has its run, or its row that says why it was missed."""
        sql = f"SELECT 1 FROM occurrence WHERE project = {PROJECT} AND job = :job AND instant = :instant"
        return self._one(sql, {"project": project, "job": job, "instant": to_microseconds(instant)}) is not None

    def missed_since(
        self, since: datetime, project: ProjectId | None = None, limit: int = 1000
    ) -> tuple[MissedOccurrence, ...]:
        """Occurrences of the machine or of a project that got no run, newest first."""
        rows = self._all(
            """SELECT project.key, job, instant, cause FROM project JOIN occurrence ON occurrence.project = project.id
                WHERE state = 'missed' AND NOT forgotten AND instant >= :since AND ifnull(project.key = :project, 1)
                ORDER BY instant DESC, 1, 2 LIMIT :limit""",
            {"since": to_microseconds(since), "project": project, "limit": limit},
        )
        return tuple(
            MissedOccurrence(ProjectId(row["key"]), JobId(row["job"]), to_instant(row["instant"]), row["cause"])
            for row in rows
        )
