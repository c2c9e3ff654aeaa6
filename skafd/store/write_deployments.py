"""Writing deployments and the environments that they run in."""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import datetime

from skafd.errors import NotFound
from skafd.model.deployment import Deployment
from skafd.model.environment import Lock
from skafd.model.ids import DeploymentNumber, JobId, ProjectId
from skafd.model.project import Project
from skafd.store.codec import encode
from skafd.store.instants import to_microseconds
from skafd.store.statements import PROJECT, Statements


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
        job_environments: Sequence[tuple[JobId, str]] = (),
        layers: Sequence[tuple[str, str]] = (),
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
                    (project, number, snapshot_hash, config, environment_key, linked, job_environments, layers,
                    created_at)
                VALUES ({PROJECT}, :number, :snapshot_hash, :config, :environment_key, :linked, :job_environments,
                    :layers, :created_at)""",
            {
                "project": project,
                "number": number,
                "snapshot_hash": snapshot_hash,
                "config": encode(config),
                "environment_key": environment_key,
                "linked": json.dumps(list(linked)),
                "job_environments": json.dumps(list(job_environments)),
                "layers": json.dumps(list(layers)),
                "created_at": to_microseconds(now),
            },
        )
        self._change_many(
            f"INSERT INTO job (project, id) VALUES ({PROJECT}, :id) ON CONFLICT DO NOTHING",
            [{"project": project, "id": job.id} for job in config.jobs],
        )
        row = self._one("SELECT slug FROM project WHERE key = ?", (project,))
        assert row is not None, "a project is known before it is deployed"
        return Deployment(
            project,
            number,
            snapshot_hash,
            config,
            environment_key,
            now,
            tuple(linked),
            tuple(job_environments),
            row["slug"],
            tuple(layers),
        )

    def switch_live(self, project: ProjectId, number: DeploymentNumber, now: datetime) -> None:
        """Makes a deployment the live one; the count against `max_runs` begins anew. Raises NotFound."""
        values = {"project": project, "number": number, "now": to_microseconds(now)}
        sql = f"UPDATE deployment SET went_live_at = :now WHERE project = {PROJECT} AND number = :number"
        if not self._change(sql, values):
            raise NotFound(f"there is no deployment #{number}", "`skafd deployments PROJECT` lists them")
        self._change("UPDATE project SET live_deployment = :number WHERE key = :project", values)
        self._change(f"UPDATE job SET scheduled_runs = 0 WHERE project = {PROJECT}", values)

    def record_environment(self, key: str, lock: Lock, now: datetime) -> None:
        """Keeps what was resolved for an environment, so that the same one can be made again."""
        self._change(
            "INSERT INTO environment (key, lock, created_at) VALUES (?, ?, ?) ON CONFLICT DO NOTHING",
            (key, encode(lock), to_microseconds(now)),
        )

    def forget_environment(self, key: str) -> None:
        """Drops what was resolved for an environment, unless a deployment that is known needs it."""
        self._change(
            """DELETE FROM environment WHERE key = :key
                AND NOT EXISTS (SELECT 1 FROM deployment WHERE environment_key = :key)
                AND NOT EXISTS (SELECT 1 FROM deployment, json_each(job_environments)
                    WHERE json_extract(value, '$[1]') = :key)
                AND NOT EXISTS (SELECT 1 FROM deployment, json_each(layers)
                    WHERE json_extract(value, '$[1]') = :key)""",
            {"key": key},
        )
