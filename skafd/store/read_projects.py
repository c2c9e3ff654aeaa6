"""What screens show of projects: deployments, variables, environments, occurrences that were missed."""

from __future__ import annotations

from pathlib import Path

from skafd.errors import NotFound
from skafd.model.deployment import Deployment
from skafd.model.environment import Lock
from skafd.model.ids import DeploymentNumber, JobId, ProjectId
from skafd.nearest import hint_for
from skafd.store.codec import decode
from skafd.store.instants import to_instant
from skafd.store.rows import DEPLOYMENT_COLUMNS, PROJECT_COLUMNS, deployment, project_row
from skafd.store.statements import PROJECT, Statements
from skafd.store.views import (
    DeploymentView,
    EnvironmentUse,
    MissedOccurrence,
    ProjectRow,
)


class ProjectReader(Statements):
    """The part of the Reader that concerns projects."""

    def projects(self, forgotten: bool = False) -> tuple[ProjectRow, ...]:
        """Every project by slug; with `forgotten`, those too that were taken off the list."""
        sql = f"SELECT {PROJECT_COLUMNS} FROM project WHERE forgotten <= ? ORDER BY slug"
        return tuple(project_row(row) for row in self._all(sql, (int(forgotten),)))

    def project(self, project: ProjectId) -> ProjectRow:
        """One project. Raises NotFound."""
        row = self._one(f"SELECT {PROJECT_COLUMNS} FROM project WHERE key = ?", (project,))
        if row is None:
            raise NotFound(f"no project {project}")
        return project_row(row)

    def find_project(self, text: str) -> ProjectRow:
        """The project that a person means by a slug, token, path or name. Raises NotFound if none or several."""
        for condition in ("slug = ?", "key = ?", "token = ?", "path = ?", "name = ?"):
            sql = f"SELECT {PROJECT_COLUMNS} FROM project WHERE NOT forgotten AND {condition} ORDER BY slug"
            rows = self._all(sql, (text,))
            if len(rows) == 1:
                return project_row(rows[0])
            if rows:
                raise NotFound(
                    f"several projects are named {text}",
                    "say which by its short name: " + ", ".join(row["slug"] for row in rows),
                )
        known = [row.slug for row in self.projects()]
        hint = hint_for(text, known, "known projects") if known else "`skafd up DIR` adds one"
        raise NotFound(f"no project {text}", hint)

    def parent_folders(self) -> tuple[Path, ...]:
        """Folders in which projects may appear."""
        return tuple(Path(row["path"]) for row in self._all("SELECT path FROM parent_folder ORDER BY path"))

    def deployments(self, project: ProjectId) -> tuple[DeploymentView, ...]:
        """Every deployment of a project, newest first."""
        rows = self._all(
            """SELECT deployment.*, deployment.number IS project.live_deployment AS is_live,
                    json_array_length(config, '$.jobs') AS job_count
                FROM project JOIN deployment ON deployment.project = project.id
                WHERE project.key = ? ORDER BY number DESC""",
            (project,),
        )
        return tuple(
            DeploymentView(
                project=project,
                number=DeploymentNumber(row["number"]),
                snapshot_hash=row["snapshot_hash"],
                environment_key=row["environment_key"],
                created_at=to_instant(row["created_at"]),
                went_live_at=to_instant(row["went_live_at"]),
                is_live=bool(row["is_live"]),
                job_count=row["job_count"],
            )
            for row in rows
        )

    def deployment(self, project: ProjectId, number: DeploymentNumber) -> Deployment:
        """One deployment with its config. Raises NotFound."""
        sql = f"SELECT {DEPLOYMENT_COLUMNS} FROM deployment WHERE project = {PROJECT} AND number = :number"
        row = self._one(sql, {"project": project, "number": number})
        if row is None:
            raise NotFound(f"there is no deployment #{number}", "`skafd deployments PROJECT` lists them")
        return deployment(project, row)

    def variables(self, project: ProjectId) -> dict[str, str]:
        """The secrets and settings of a project, unmasked."""
        sql = f"SELECT key, value FROM variable WHERE project = {PROJECT} ORDER BY key"
        return {row["key"]: row["value"] for row in self._all(sql, {"project": project})}

    def lock(self, environment_key: str) -> Lock | None:
        """What was resolved for an environment; None where a version of skafd made it that did not keep it."""
        row = self._one("SELECT lock FROM environment WHERE key = ?", (environment_key,))
        return None if row is None else decode(Lock, row["lock"])

    def environment_users(self) -> dict[str, tuple[EnvironmentUse, ...]]:
        """By key, the deployments that need the environment, newest first."""
        rows = self._all(
            """SELECT DISTINCT slug, deployment.number AS number, deployment.number IS live_deployment AS is_live,
                    snapshot_hash, used.key AS key
                FROM project JOIN deployment ON deployment.project = project.id
                JOIN (SELECT project, number, environment_key AS key FROM deployment
                    UNION SELECT project, number, json_extract(value, '$[1]') FROM deployment,
                        json_each(job_environments)
                    UNION SELECT project, number, json_extract(value, '$[1]') FROM deployment,
                        json_each(layers)) AS used
                    ON used.project = deployment.project AND used.number = deployment.number
                ORDER BY slug, number DESC"""
        )
        found: dict[str, list[EnvironmentUse]] = {}
        for row in rows:
            use = EnvironmentUse(
                row["slug"], DeploymentNumber(row["number"]), bool(row["is_live"]), row["snapshot_hash"]
            )
            found.setdefault(row["key"], []).append(use)
        return {key: tuple(uses) for key, uses in found.items()}

    def missed(self, project: ProjectId, limit: int = 100, job: JobId | None = None) -> tuple[MissedOccurrence, ...]:
        """Occurrences that got no run, newest first; of one job where it is named."""
        rows = self._all(
            f"""SELECT job, instant, cause FROM occurrence
                WHERE project = {PROJECT} AND state = 'missed' AND ifnull(:job, job) = job
                ORDER BY instant DESC LIMIT :limit""",
            {"project": project, "limit": limit, "job": job},
        )
        return tuple(
            MissedOccurrence(project, JobId(row["job"]), to_instant(row["instant"]), row["cause"]) for row in rows
        )
