"""Versions of models, and their tags."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterable
from datetime import datetime

from skafd.model.ids import AttemptKey, DeploymentNumber, JobId, ProjectId, RunKey, TaskKey
from skafd.model.kept import Access, Content, ModelVersion
from skafd.store.instants import to_instant, to_microseconds
from skafd.store.job_calls import attempt_values
from skafd.store.statements import OF_RUN_OR_TASK, PROJECT, Statements, run_or_task

_MODEL = """SELECT project.key, model_version.*,
        (SELECT json_group_array(tag) FROM (
            SELECT tag FROM model_tag WHERE model = model_version.id ORDER BY tag)) AS tags
    FROM model_version JOIN project ON project.id = model_version.project"""


class ModelReader(Statements):
    """The part of the Reader that concerns models."""

    def models(
        self,
        project: ProjectId,
        name: str | None = None,
        tag: str | None = None,
        version: str | None = None,
        limit: int = 1000,
    ) -> tuple[ModelVersion, ...]:
        """Versions, newest first: of a name, with a tag, or one. Names are lower case."""
        rows = self._all(
            f"""{_MODEL} WHERE model_version.project = {PROJECT}
                    AND (:name IS NULL OR model_version.name = :name)
                    AND (:version IS NULL OR CAST(version AS TEXT) = :version)
                    AND (:tag IS NULL OR EXISTS (SELECT 1 FROM model_tag WHERE model = model_version.id AND tag = :tag))
                ORDER BY version DESC, model_version.id DESC LIMIT :limit""",
            {"project": project, "name": name, "tag": tag, "version": version, "limit": limit},
        )
        return tuple(_model(row) for row in rows)

    def models_of_run(self, run: RunKey, task: TaskKey | None = None) -> tuple[ModelVersion, ...]:
        """Versions that the attempts of a run, or of one task of it, saved, oldest first."""
        rows = self._all(f"{_MODEL} WHERE {OF_RUN_OR_TASK} ORDER BY model_version.id", run_or_task(run, task))
        return tuple(_model(row) for row in rows)


class ModelWriter(ModelReader):
    """The part of the Writer that concerns models."""

    def add_model(
        self, source: AttemptKey, name: str, content: Content, tags: Iterable[str], access: Access, now: datetime
    ) -> ModelVersion:
        """A new version: the millisecond in which it was saved, or the next one that is free."""
        values = {**attempt_values(source), "name": name, "at": to_microseconds(now)}
        row = self._one(
            f"SELECT max(version) AS newest FROM model_version WHERE project = {PROJECT} AND name = :name", values
        )
        newest = (row["newest"] if row else None) or 0
        version = max(to_microseconds(now) // 1000, newest + 1)
        self._change(
            f"""INSERT INTO model_version (project, name, version, sha256, size_bytes, access, run, job, instance,
                    attempt, deployment, snapshot_hash, inserted_at)
                VALUES ({PROJECT}, :name, :version, :sha256, :size, :access, :run, :job, :instance, :attempt,
                    (SELECT deployment FROM run WHERE project = {PROJECT} AND number = :run),
                    ifnull((SELECT snapshot_hash FROM run JOIN deployment
                        ON deployment.project = run.project AND deployment.number = run.deployment
                        WHERE run.project = {PROJECT} AND run.number = :run), ''), :at)""",
            {**values, "version": version, "access": access, "sha256": content.sha256, "size": content.size_bytes},
        )
        saved = self.models(source.task.run.project, name, version=str(version))[0]
        self.tag_model(saved, tags)
        return self.models(source.task.run.project, name, version=str(version))[0]

    def tag_model(self, model: ModelVersion, tags: Iterable[str]) -> None:
        """Gives a version tags; other versions keep theirs."""
        self._change_many(
            "INSERT OR IGNORE INTO model_tag (model, tag) VALUES (:model, :tag)",
            [{"model": model.id, "tag": tag} for tag in tags],
        )

    def untag_model(self, model: ModelVersion, tag: str) -> bool:
        """Takes a tag from a version; False where it did not have it."""
        return self._change("DELETE FROM model_tag WHERE model = ? AND tag = ?", (model.id, tag)) > 0

    def promote_model(self, model: ModelVersion, tag: str) -> None:
        """Gives a tag to this version alone of all those of its name."""
        self._change(
            f"""DELETE FROM model_tag WHERE tag = :tag AND model IN (
                SELECT id FROM model_version WHERE project = {PROJECT} AND name = :name)""",
            {"tag": tag, "project": model.project, "name": model.name},
        )
        self.tag_model(model, [tag])

    def delete_model(self, model: ModelVersion) -> None:
        """Removes a version; its content goes when nothing else has it."""
        self._change("DELETE FROM model_version WHERE id = ?", (model.id,))


def _model(row: sqlite3.Row) -> ModelVersion:
    project = ProjectId(row["key"])
    task = TaskKey(RunKey(project, row["run"]), JobId(row["job"]), row["instance"])
    return ModelVersion(
        id=row["id"],
        project=project,
        name=row["name"],
        version=str(row["version"]),
        content=Content(row["sha256"], row["size_bytes"]),
        tags=tuple(json.loads(row["tags"])),
        access=Access(row["access"]),
        source=AttemptKey(task, row["attempt"]),
        deployment=None if row["deployment"] is None else DeploymentNumber(row["deployment"]),
        snapshot_hash=row["snapshot_hash"],
        inserted_at=to_instant(row["inserted_at"]),
    )
