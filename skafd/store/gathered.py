"""Events that jobs keep until others have come, too."""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import timedelta

from skafd.model.decisions import Completed, Gathered, Happened, Heard, Unheeded
from skafd.model.ids import JobId, ProjectId
from skafd.model.project import TriggerKind
from skafd.store.instants import to_instant, to_microseconds
from skafd.store.statements import PROJECT, Statements

_ONE = f"heard = :heard AND project = {PROJECT} AND job = :job AND together = :together AND run IS NULL"


class GatheredReader(Statements):
    """The part of the Reader, and of the Writer, that concerns events that are kept."""

    def gathered(self, project: ProjectId | None = None) -> tuple[Gathered, ...]:
        """What is kept for jobs, of one project or of all, oldest first."""
        rows = self._all(
            f"""SELECT gathered.*, project.key AS project_key, heard.kind, heard.name, heard.detail, heard.facts,
                    heard.parameters, owner.key AS owner
                FROM gathered JOIN heard ON heard.id = gathered.heard JOIN project ON project.id = gathered.project
                LEFT JOIN project AS owner ON owner.id = heard.project
                WHERE gathered.run IS NULL AND (:project IS NULL OR gathered.project = {PROJECT})
                ORDER BY gathered.heard""",
            {"project": project},
        )
        return tuple(
            Gathered(
                Heard(
                    row["heard"],
                    Happened(
                        TriggerKind(row["kind"]),
                        row["name"],
                        None if row["owner"] is None else ProjectId(row["owner"]),
                        detail=row["detail"],
                        facts=tuple((name, value) for name, value in json.loads(row["facts"])),
                        parameters=tuple((name, value) for name, value in json.loads(row["parameters"])),
                        chain=tuple(json.loads(row["chain"])),
                    ),
                ),
                ProjectId(row["project_key"]),
                JobId(row["job"]),
                row["together"],
                row["member"],
                to_instant(row["at"]),
            )
            for row in rows
        )


class GatheredWriter(GatheredReader):
    """The part of the Writer that concerns events that are kept."""

    def keep_gathered(self, gathered: Sequence[Gathered]) -> None:
        """Keeps events for jobs."""
        self._change_many(
            f"""INSERT INTO gathered (heard, project, job, together, member, at, chain)
                VALUES (:heard, {PROJECT}, :job, :together, :member, :at, :chain)""",
            [
                {
                    "heard": one.heard.number,
                    "project": one.project,
                    "job": one.job,
                    "together": one.together,
                    "member": one.member,
                    "at": to_microseconds(one.at),
                    "chain": json.dumps(one.heard.event.chain),
                }
                for one in gathered
            ],
        )

    def end_gathered(self, unheeded: Sequence[Unheeded], completed: Sequence[Completed]) -> None:
        """Keeps no more what passed by, and notes which run the others got."""
        self._change_many(
            f"DELETE FROM gathered WHERE {_ONE}",
            [
                {"heard": one.event, "project": one.project, "job": one.job, "together": one.together}
                for one in unheeded
                if one.together
            ],
        )
        self._change_many(
            f"UPDATE gathered SET run = :run WHERE {_ONE}",
            [
                {
                    "heard": number,
                    "project": one.project,
                    "job": one.job,
                    "together": one.together,
                    "run": one.run.number,
                }
                for one in completed
                for number in one.events
            ],
        )

    def move_gathered(self, stepped: timedelta) -> None:
        """Moves with the clock when what is kept has come."""
        by = {"by": stepped // timedelta(microseconds=1)}
        self._change("UPDATE gathered SET at = at + :by WHERE run IS NULL", by)
