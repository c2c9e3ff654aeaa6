"""Writing deployments and the environments that they run in."""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import datetime
from pathlib import Path

from skafd.errors import NotFound
from skafd.model.deployment import Deployment
from skafd.model.ids import DeploymentNumber, ProjectId
from skafd.model.project import Project
from skafd.store.codec import encode
from skafd.store.instants import to_microseconds
from skafd.store.statements import PROJECT, Statements
from skafd.store.views import EnvironmentState


class DeploymentWriter(Statements):
    """The part of the Writer that concerns deployments and environments."""

    def record_deployment(
        self,
        project: ProjectId,
        snapshot_hash: str,
        config: Project,
        environment_key: str,
        now: datetime,
        linked: Sequence[str] = (),
    ) -> Deployment:
        """Adds a deployment with the project's next number. It is not live until `switch_live`."""
        latest = self._one(
            f"SELECT ifnull(max(number), 0) AS number FROM deployment WHERE project = {PROJECT}",
            {"project": project},
        )
        assert latest is not None, "an aggregate always has a row"
        number = DeploymentNumber(latest["number"] + 1)
        self._change(
            f"""INSERT INTO deployment
                    (project, number, snapshot_hash, config, environment_key, linked, created_at)
                VALUES ({PROJECT}, :number, :snapshot_hash, :config, :environment_key, :linked, :created_at)""",
            {
                "project": project,
                "number": number,
                "snapshot_hash": snapshot_hash,
                "config": encode(config),
                "environment_key": environment_key,
                "linked": json.dumps(list(linked)),
                "created_at": to_microseconds(now),
            },
        )
        self._change_many(
            f"INSERT INTO job (project, id) VALUES ({PROJECT}, :id) ON CONFLICT DO NOTHING",
            [{"project": project, "id": job.id} for job in config.jobs],
        )
        return Deployment(project, number, snapshot_hash, config, environment_key, now, tuple(linked))

    def switch_live(self, project: ProjectId, number: DeploymentNumber, now: datetime) -> None:
        """Makes a deployment the live one; the count against `max_runs` begins anew. Raises NotFound."""
        values = {"project": project, "number": number, "now": to_microseconds(now)}
        sql = f"UPDATE deployment SET went_live_at = :now WHERE project = {PROJECT} AND number = :number"
        if not self._change(sql, values):
            raise NotFound(f"there is no deployment #{number}", "`skafd deployments PROJECT` lists them")
        self._change("UPDATE project SET live_deployment = :number WHERE key = :project", values)
        self._change(f"UPDATE job SET scheduled_runs = 0 WHERE project = {PROJECT}", values)

    def record_environment(self, key: str, path: Path, state: EnvironmentState, now: datetime) -> None:
        """Adds an environment, or says how far a known one is."""
        self._change(
            """INSERT INTO environment (key, path, state, created_at, last_used_at)
                VALUES (:key, :path, :state, :now, :now)
                ON CONFLICT (key) DO UPDATE SET path = :path, state = :state, last_used_at = :now""",
            {"key": key, "path": str(path), "state": state, "now": to_microseconds(now)},
        )

    def touch_environment(self, key: str, now: datetime) -> None:
        """Notes that an environment is in use, so that it is not removed as the one unused for longest."""
        self._change("UPDATE environment SET last_used_at = ? WHERE key = ?", (to_microseconds(now), key))
