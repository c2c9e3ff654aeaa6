"""Events from outside: what was heard, what it set off, and who let it pass."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from skafd.model.decisions import Heard, Unheeded
from skafd.model.ids import JobId, ProjectId
from skafd.model.project import TriggerKind
from skafd.model.states import RunState
from skafd.store.instants import to_instant, to_microseconds
from skafd.store.statements import PROJECT, Statements

Pairs = tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class HeardRun:
    """A run that an event set off."""

    slug: str
    number: int
    state: RunState


@dataclass(frozen=True, slots=True)
class HeardEvent:
    """An event with all that followed from it."""

    number: int
    at: datetime
    kind: TriggerKind
    name: str
    slug: str | None
    """The project whose file or webhook it was."""
    detail: str
    facts: Pairs
    parameters: Pairs
    key: str | None
    runs: tuple[HeardRun, ...]
    unheeded: tuple[tuple[ProjectId, JobId, str], ...]
    """Project, job and cause."""
    kept: tuple[tuple[ProjectId, JobId, str], ...] = ()
    """Project, job and the set of events that must all have come."""


class HeardReader(Statements):
    """The part of the Reader, and of the Writer, that concerns events from outside."""

    def last_event_number(self) -> int:
        """The highest number that an event has; 0 where there is none."""
        row = self._one("SELECT ifnull(max(id), 0) AS number FROM heard")
        return int(row["number"]) if row else 0

    def heard_with_key(self, kind: TriggerKind, name: str, project: ProjectId | None, key: str) -> HeardEvent | None:
        """The event that was sent with this key before."""
        values = {"kind": kind, "name": name, "project": project, "key": key}
        row = self._one(
            f"""{_HEARD} WHERE heard.kind = :kind AND heard.name = :name AND heard.key = :key
                AND ifnull(heard.project, 0) = ifnull({PROJECT}, 0)""",
            values,
        )
        return None if row is None else self._event(row)

    def heard(
        self, project: ProjectId | None = None, limit: int = 20, before: int | None = None, number: int | None = None
    ) -> tuple[HeardEvent, ...]:
        """Events of the machine, or those that concerned a project; newest first."""
        rows = self._all(
            f"""{_HEARD} WHERE (:number IS NULL OR heard.id = :number) AND (:before IS NULL OR heard.id < :before)
                AND (:project IS NULL OR heard.project = {PROJECT}
                    OR heard.id IN (SELECT cause_event FROM run WHERE project = {PROJECT} AND cause_event IS NOT NULL)
                    OR heard.id IN (SELECT heard FROM gathered WHERE project = {PROJECT})
                    OR heard.id IN (SELECT heard FROM unheeded WHERE project = {PROJECT}))
                ORDER BY heard.id DESC LIMIT :limit""",
            {"project": project, "limit": limit, "before": before, "number": number},
        )
        return tuple(self._event(row) for row in rows)

    def latest_unheeded(self, project: ProjectId, job: JobId | None) -> tuple[datetime, JobId, str] | None:
        """When an event last passed a project or a job by, whom, and why."""
        row = self._one(
            f"""SELECT heard.at, unheeded.job, heard.detail, unheeded.cause
                FROM unheeded JOIN heard ON heard.id = unheeded.heard
                WHERE unheeded.project = {PROJECT} AND ifnull(unheeded.job = :job, 1) ORDER BY heard.id DESC LIMIT 1""",
            {"project": project, "job": job},
        )
        return None if row is None else (to_instant(row["at"]), JobId(row["job"]), f"{row['detail']}: {row['cause']}")

    def _event(self, row: sqlite3.Row) -> HeardEvent:
        runs = self._all(
            """SELECT project.slug, run.number, run.state FROM run JOIN project ON project.id = run.project
                WHERE run.cause = 'event' AND (run.cause_event = :heard OR (run.project, run.number)
                    IN (SELECT project, run FROM gathered WHERE heard = :heard)) ORDER BY run.id""",
            {"heard": row["id"]},
        )
        kept = self._all(
            """SELECT project.key, gathered.job, gathered.together FROM gathered
                JOIN project ON project.id = gathered.project
                WHERE heard = ? AND run IS NULL ORDER BY slug, job, together""",
            (row["id"],),
        )
        passed = self._all(
            """SELECT project.key, unheeded.job, unheeded.cause FROM unheeded
                JOIN project ON project.id = unheeded.project WHERE heard = ? ORDER BY slug, job""",
            (row["id"],),
        )
        return HeardEvent(
            number=row["id"],
            at=to_instant(row["at"]),
            kind=TriggerKind(row["kind"]),
            name=row["name"],
            slug=row["slug"],
            detail=row["detail"],
            facts=_pairs(row["facts"]),
            parameters=_pairs(row["parameters"]),
            key=row["key"],
            runs=tuple(HeardRun(one["slug"], one["number"], RunState(one["state"])) for one in runs),
            unheeded=tuple((ProjectId(one["key"]), JobId(one["job"]), one["cause"]) for one in passed),
            kept=tuple((ProjectId(one["key"]), JobId(one["job"]), one["together"]) for one in kept),
        )


class HeardWriter(HeardReader):
    """The part of the Writer that concerns events from outside."""

    def keep_events(self, heard: Sequence[Heard], now: datetime) -> None:
        """Keeps events, in the transaction of the runs that they set off."""
        self._change_many(
            f"""INSERT INTO heard (id, at, kind, name, project, detail, facts, parameters, key)
                VALUES (:id, :at, :kind, :name, {PROJECT}, :detail, :facts, :parameters, :key)""",
            [
                {
                    "id": one.number,
                    "at": to_microseconds(now),
                    "kind": one.event.kind,
                    "name": one.event.name,
                    "project": one.event.project,
                    "detail": one.event.detail,
                    "facts": json.dumps(one.event.facts),
                    "parameters": json.dumps(one.event.parameters),
                    "key": one.event.key,
                }
                for one in heard
            ],
        )

    def keep_unheeded(self, unheeded: Sequence[Unheeded]) -> None:
        """Keeps whom events passed by; one that is in several sets passes a job by once."""
        self._change_many(
            f"""INSERT INTO unheeded (heard, project, job, cause) VALUES (:heard, {PROJECT}, :job, :cause)
                ON CONFLICT (heard, project, job) DO NOTHING""",
            [{"heard": one.event, "project": one.project, "job": one.job, "cause": one.cause} for one in unheeded],
        )

    def delete_heard(self, before: datetime) -> None:
        """Removes events of before that instant of which no run is left. The newest stays: its number is not reused."""
        self._change(
            """DELETE FROM heard WHERE at < ? AND id < (SELECT max(id) FROM heard)
                AND NOT EXISTS (SELECT 1 FROM run WHERE run.cause_event = heard.id)
                AND NOT EXISTS (SELECT 1 FROM gathered LEFT JOIN run
                    ON run.project = gathered.project AND run.number = gathered.run
                    WHERE gathered.heard = heard.id AND (gathered.run IS NULL OR run.id IS NOT NULL))""",
            (to_microseconds(before),),
        )


_HEARD = "SELECT heard.*, project.slug FROM heard LEFT JOIN project ON project.id = heard.project"


def _pairs(text: str) -> Pairs:
    return tuple((name, value) for name, value in json.loads(text))
