"""Which attempt wrote to a table of the data engine last."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from skafd.model.ids import AttemptKey, JobId, ProjectId, RunKey, TaskKey
from skafd.store.instants import to_instant, to_microseconds
from skafd.store.job_calls import attempt_values
from skafd.store.statements import PROJECT, Statements


@dataclass(frozen=True, slots=True)
class TableWrite:
    """Who, and when it began to."""

    source: AttemptKey
    at: datetime


class TableWriteReader(Statements):
    """The part of the Reader that concerns tables."""

    def last_write(self, owner: ProjectId, table: str) -> TableWrite | None:
        """Of a table of a project; None where no job has said that it wrote."""
        row = self._one(
            """SELECT project.key, table_write.* FROM table_write JOIN project ON project.id = table_write.project
                WHERE owner = :owner AND table_write.name = :name""",
            {"owner": owner, "name": table},
        )
        if row is None:
            return None
        task = TaskKey(RunKey(ProjectId(row["key"]), row["run"]), JobId(row["job"]), row["instance"])
        return TableWrite(AttemptKey(task, row["attempt"]), to_instant(row["at"]))


class TableWriteWriter(TableWriteReader):
    """The part of the Writer that concerns tables."""

    def note_write(self, attempt: AttemptKey, owner: ProjectId, table: str, now: datetime) -> None:
        """It writes to a table of a project."""
        self._change(
            f"""INSERT OR REPLACE INTO table_write (owner, name, project, run, job, instance, attempt, at)
                VALUES (:owner, :name, {PROJECT}, :run, :job, :instance, :attempt, :at)""",
            {**attempt_values(attempt), "owner": owner, "name": table, "at": to_microseconds(now)},
        )
