"""Which projects and jobs are paused."""

from __future__ import annotations

from datetime import datetime

from skafd.errors import Refused
from skafd.model.ids import JobId, ProjectId
from skafd.store.instants import to_microseconds
from skafd.store.statements import PROJECT, Statements

Pause = tuple[ProjectId, JobId | None]
"""A job, or None for the whole project."""
_WHOLE_PROJECT = ""


class PauseReader(Statements):
    """The part of the Reader that concerns pauses."""

    def pauses(self) -> tuple[Pause, ...]:
        """All that is paused on the machine."""
        rows = self._all("SELECT project.key, job FROM pause JOIN project ON project.id = pause.project ORDER BY 1, 2")
        return tuple((ProjectId(row["key"]), JobId(row["job"]) if row["job"] else None) for row in rows)


class PauseWriter(PauseReader):
    """The part of the Writer that concerns pauses."""

    def pause(self, project: ProjectId, job: JobId | None, now: datetime) -> None:
        """Pauses a job, or all of a project; what is paused already stays so."""
        self._change(
            f"INSERT OR IGNORE INTO pause (project, job, since) VALUES ({PROJECT}, :job, :since)",
            {"project": project, "job": job or _WHOLE_PROJECT, "since": to_microseconds(now)},
        )

    def resume(self, project: ProjectId, job: JobId | None) -> None:
        """Ends the pause of a job; or that of a project and of every job of it. Raises Refused if there is none."""
        sql = f"DELETE FROM pause WHERE project = {PROJECT} AND (job = :job OR :job = '')"
        if not self._change(sql, {"project": project, "job": job or _WHOLE_PROJECT}):
            raise Refused("it is not paused", "`skafd schedule` lists what is")
