"""Writing what became of the instants at which schedules said that jobs were due."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any

from skafd.errors import StoreError
from skafd.model.decisions import Missed
from skafd.model.ids import JobId, ProjectId, RunKey
from skafd.store.instants import to_microseconds
from skafd.store.statements import PROJECT, Statements


class OccurrenceWriter(Statements):
    """The part of the Writer that concerns occurrences."""

    def fire_occurrences(
        self, project: ProjectId, jobs: Iterable[JobId], instant: datetime, run: RunKey, now: datetime
    ) -> None:
        """Notes that a run was made for these jobs' occurrence. Raises StoreError if one had its run or was missed."""
        rows = [_row(project, job, instant, now) | {"state": "fired", "cause": "", "run": run.number} for job in jobs]
        self._insert_occurrences(rows)
        self._change_many(
            f"UPDATE job SET scheduled_runs = scheduled_runs + 1 WHERE project = {PROJECT} AND id = :job", rows
        )

    def set_planned_until(self, project: ProjectId, job: JobId, instant: datetime) -> None:
        """Notes that every occurrence up to and including `instant` has been decided."""
        self._change(
            f"""INSERT INTO job (project, id, planned_until) VALUES ({PROJECT}, :job, :instant)
                ON CONFLICT (project, id) DO UPDATE SET planned_until = :instant""",
            {"project": project, "job": job, "instant": to_microseconds(instant)},
        )

    def record_missed(self, missed: Sequence[Missed], now: datetime) -> None:
        """Notes occurrences that get no run. Raises StoreError if one had its run or was noted before."""
        self._insert_occurrences(
            [
                _row(one.project, one.job, one.instant, now) | {"state": "missed", "cause": one.cause, "run": None}
                for one in missed
            ]
        )

    def _insert_occurrences(self, rows: Sequence[Mapping[str, Any]]) -> None:
        try:
            self._change_many(
                f"""INSERT INTO occurrence (project, job, instant, state, cause, run, recorded_at)
                    VALUES ({PROJECT}, :job, :instant, :state, :cause, :run, :recorded_at)""",
                rows,
            )
        except sqlite3.IntegrityError as error:
            jobs = ", ".join(sorted({row["job"] for row in rows}))
            raise StoreError(f"an occurrence of {jobs} was decided before: {error}") from error


def _row(project: ProjectId, job: JobId, instant: datetime, now: datetime) -> dict[str, Any]:
    return {
        "project": project,
        "job": job,
        "instant": to_microseconds(instant),
        "recorded_at": to_microseconds(now),
    }
