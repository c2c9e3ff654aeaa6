"""Backfills: what was asked for. How far each is follows from its runs."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from skafd.errors import NotFound, Refused
from skafd.model.ids import JobId, ProjectId
from skafd.model.states import RunState
from skafd.store.instants import to_instant, to_microseconds
from skafd.store.statements import PROJECT, Statements

_COLUMNS = "backfill.*, project.key, project.slug"


@dataclass(frozen=True, slots=True)
class BackfillRun:
    """One of its runs."""

    number: int
    instant: datetime
    state: RunState


@dataclass(frozen=True, slots=True)
class Backfill:
    """Runs of a job for instants that lie in the past, at most `parallel` at a time."""

    id: int
    project: ProjectId
    slug: str
    job: JobId
    only: bool
    """Without the jobs that depend on it."""
    instants: tuple[datetime, ...]
    parallel: int
    created_at: datetime
    cancelled_at: datetime | None
    remaining: tuple[datetime, ...]
    """Instants for which no run was asked for yet; none once it is cancelled."""
    runs: tuple[BackfillRun, ...]
    parameters: Mapping[datetime, tuple[tuple[str, str], ...]] = field(default_factory=dict)
    """What the run of an instant is given, where its schedule gives something."""

    @property
    def detail(self) -> str:
        """The detail of its runs' cause."""
        return str(self.id)

    @property
    def state(self) -> RunState:
        """Running while anything of it is to be done; then the worst that became of a run."""
        states = {run.state for run in self.runs}
        if self.remaining or RunState.RUNNING in states:
            return RunState.RUNNING
        if self.cancelled_at:
            return RunState.CANCELLED
        return next((state for state in (RunState.FAILED, RunState.CANCELLED) if state in states), RunState.SUCCEEDED)


class BackfillReader(Statements):
    """The part of the Reader that concerns backfills."""

    def backfill(self, number: int) -> Backfill:
        """One of them. Raises NotFound."""
        row = self._one(
            f"SELECT {_COLUMNS} FROM backfill JOIN project ON project.id = project WHERE backfill.id = ?", (number,)
        )
        if row is None:
            raise NotFound(f"there is no backfill {number}", "`skafd backfill` lists them")
        return self._backfill(row)

    def backfills(self, limit: int = 20) -> tuple[Backfill, ...]:
        """The newest, newest first."""
        sql = f"SELECT {_COLUMNS} FROM backfill JOIN project ON project.id = project ORDER BY backfill.id DESC LIMIT ?"
        return tuple(self._backfill(row) for row in self._all(sql, (limit,)))

    def open_backfills(self) -> tuple[Backfill, ...]:
        """Those that have runs to be made, oldest first."""
        sql = f"""SELECT {_COLUMNS} FROM backfill JOIN project ON project.id = project
            WHERE cancelled_at IS NULL AND made < json_array_length(instants)
            ORDER BY backfill.id"""
        return tuple(self._backfill(row) for row in self._all(sql))

    def _backfill(self, row: sqlite3.Row) -> Backfill:
        runs = self._all(
            """SELECT number, cause_instant, state FROM run
                WHERE project = ? AND cause = 'backfill' AND cause_detail = ? ORDER BY number""",
            (row["project"], str(row["id"])),
        )
        instants = tuple(to_instant(number) for number in json.loads(row["instants"]))
        return Backfill(
            id=row["id"],
            project=ProjectId(row["key"]),
            slug=row["slug"],
            job=JobId(row["job"]),
            only=bool(row["only_job"]),
            instants=instants,
            parallel=row["parallel"],
            created_at=to_instant(row["created_at"]),
            cancelled_at=to_instant(row["cancelled_at"]),
            remaining=() if row["cancelled_at"] else instants[row["made"] :],
            runs=tuple(
                BackfillRun(run["number"], to_instant(run["cause_instant"]), RunState(run["state"])) for run in runs
            ),
            parameters={
                to_instant(int(number)): tuple((name, value) for name, value in given)
                for number, given in json.loads(row["parameters"]).items()
            },
        )


class BackfillWriter(Statements):
    """The part of the Writer that concerns backfills."""

    def add_backfill(self, asked: Backfill) -> int:
        """Keeps what is to be done; returns its number, whatever it says itself."""
        self._change(
            f"""INSERT INTO backfill (project, job, only_job, instants, parameters, parallel, created_at)
                VALUES ({PROJECT}, :job, :only, :instants, :parameters, :parallel, :now)""",
            {
                "project": asked.project,
                "job": asked.job,
                "only": int(asked.only),
                "instants": json.dumps([to_microseconds(instant) for instant in asked.instants]),
                "parameters": json.dumps({to_microseconds(at): given for at, given in asked.parameters.items()}),
                "parallel": asked.parallel,
                "now": to_microseconds(asked.created_at),
            },
        )
        row = self._one("SELECT last_insert_rowid() AS id")
        assert row is not None, "a row was just inserted"
        return int(row["id"])

    def count_backfill_run(self, number: int) -> None:
        """Notes that a run was asked for of its next instant."""
        self._change("UPDATE backfill SET made = made + 1 WHERE id = ?", (number,))

    def cancel_backfill(self, number: int, now: datetime) -> None:
        """Makes no more runs of it. Raises Refused if that was so already."""
        sql = "UPDATE backfill SET cancelled_at = ? WHERE id = ? AND cancelled_at IS NULL"
        if not self._change(sql, (to_microseconds(now), number)):
            raise Refused(f"backfill {number} was cancelled before")
