"""Which old runs and deployments may go, and their removal.

Folders first, rows second: whoever is killed in between finds the same runs again, and nothing is left behind unknown.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from pathlib import Path

from skafd.model.ids import DeploymentNumber, ProjectId, RunKey
from skafd.store.instants import to_microseconds
from skafd.store.statements import PROJECT, Statements
from skafd.store.views import ExpiredRun


class RetentionReader(Statements):
    """The part of the Reader that finds what may go."""

    def expired_runs(
        self, project: ProjectId, keep: int, ended_before: datetime, limit: int = 100
    ) -> tuple[ExpiredRun, ...]:
        """Ended runs that are neither among the newest `keep` nor ended since, oldest first, with their directories."""
        rows = self._all(
            f"""SELECT number FROM run WHERE project = {PROJECT} AND ended_at < :before
                    AND number <= (SELECT last_run_number FROM project WHERE key = :project) - :keep
                ORDER BY number LIMIT :limit""",
            {"project": project, "keep": keep, "before": to_microseconds(ended_before), "limit": limit},
        )
        return tuple(self._expired_run(RunKey(project, row["number"])) for row in rows)

    def expired_deployments(self, project: ProjectId, keep: int) -> tuple[DeploymentNumber, ...]:
        """Deployments that are not among the newest `keep`, not live, and not used by a run that has not ended."""
        rows = self._all(
            f"""SELECT number FROM deployment WHERE project = {PROJECT}
                    AND number <= (SELECT max(number) FROM deployment WHERE project = {PROJECT}) - :keep
                    AND number IS NOT (SELECT live_deployment FROM project WHERE key = :project)
                    AND NOT EXISTS (
                        SELECT 1 FROM run WHERE run.project = deployment.project
                            AND run.deployment = deployment.number AND run.state = 'running')
                ORDER BY number""",
            {"project": project, "keep": keep},
        )
        return tuple(DeploymentNumber(row["number"]) for row in rows)

    def _expired_run(self, key: RunKey) -> ExpiredRun:
        rows = self._all(
            f"SELECT directory FROM attempt WHERE project = {PROJECT} AND run = :run",
            {"project": key.project, "run": key.number},
        )
        return ExpiredRun(key, tuple(Path(row["directory"]) for row in rows))


class RetentionWriter(Statements):
    """The part of the Writer that removes."""

    def delete_runs(self, runs: Sequence[RunKey]) -> None:
        """Removes runs with their tasks, attempts, events and occurrences. Open runs stay."""
        for key in runs:
            values = {"project": key.project, "run": key.number}
            sql = f"DELETE FROM run WHERE project = {PROJECT} AND number = :run AND ended_at IS NOT NULL"
            if self._change(sql, values):
                self._change(f"DELETE FROM metric_series WHERE project = {PROJECT} AND run = :run", values)
                self._change(f"DELETE FROM event WHERE project = {PROJECT} AND run = :run", values)
                self._change(f"DELETE FROM occurrence WHERE project = {PROJECT} AND run = :run", values)

    def delete_deployments(self, project: ProjectId, numbers: Sequence[DeploymentNumber]) -> None:
        """Removes deployments; those that are live or that some run is known of stay."""
        self._change_many(
            f"""DELETE FROM deployment WHERE project = {PROJECT} AND number = :number
                    AND number IS NOT (SELECT live_deployment FROM project WHERE key = :project)
                    AND NOT EXISTS (
                        SELECT 1 FROM run WHERE run.project = deployment.project
                            AND run.deployment = deployment.number)""",
            [{"project": project, "number": number} for number in numbers],
        )

    def delete_missed(self, project: ProjectId, before: datetime) -> None:
        """Removes the records of occurrences that were missed before that instant."""
        self._change(
            f"DELETE FROM occurrence WHERE project = {PROJECT} AND state = 'missed' AND instant < :before",
            {"project": project, "before": to_microseconds(before)},
        )
