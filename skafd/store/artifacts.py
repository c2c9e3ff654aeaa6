"""What attempts kept and read."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from skafd.model.ids import AttemptKey, JobId, ProjectId, RunKey, TaskKey
from skafd.model.kept import Artifact, Content, Input, InputKind
from skafd.store.instants import to_instant, to_microseconds
from skafd.store.job_calls import attempt_values
from skafd.store.statements import OF_RUN_OR_TASK, PROJECT, Statements, run_or_task

_ARTIFACT = "SELECT project.key, artifact.* FROM artifact JOIN project ON project.id = artifact.project"
_NEWEST_OF_TASKS = """artifact.id IN (
    SELECT max(id) FROM artifact WHERE project = {project} AND name = :name GROUP BY run, job, instance)"""


@dataclass(frozen=True, slots=True)
class InputView:
    """What an attempt has read."""

    reader: AttemptKey
    input: Input
    at: datetime


class ArtifactReader(Statements):
    """The part of the Reader that concerns artifacts."""

    def artifact(self, number: int) -> Artifact | None:
        """One artifact."""
        row = self._one(f"{_ARTIFACT} WHERE artifact.id = ?", (number,))
        return _artifact(row) if row else None

    def artifacts_of_run(self, run: RunKey, task: TaskKey | None = None) -> tuple[Artifact, ...]:
        """All that the attempts of a run, or of one task of it, kept, oldest first."""
        rows = self._all(f"{_ARTIFACT} WHERE {OF_RUN_OR_TASK} ORDER BY artifact.id", run_or_task(run, task))
        return tuple(_artifact(row) for row in rows)

    def artifacts_named(
        self, run: RunKey, name: str, job: JobId | None = None, instance: int | None = None
    ) -> tuple[Artifact, ...]:
        """The newest of that name of each task of a run."""
        rows = self._all(
            f"""{_ARTIFACT} WHERE artifact.project = {PROJECT} AND run = :run
                    AND (:job IS NULL OR job = :job) AND (:instance IS NULL OR instance = :instance)
                    AND {_NEWEST_OF_TASKS.format(project=PROJECT)} ORDER BY artifact.id""",
            {"project": run.project, "run": run.number, "name": name, "job": job, "instance": instance},
        )
        return tuple(_artifact(row) for row in rows)

    def newest_run_with(self, project: ProjectId, name: str, job: JobId | None, before: int) -> int | None:
        """The newest run in which a task that has succeeded kept that name; 0 for what was kept by hand, None for none.

        Runs with that number and later ones do not count, unless it is 0.
        """
        row = self._one(
            f"""SELECT max(artifact.run) AS run FROM artifact
                LEFT JOIN task ON task.project = artifact.project AND task.run = artifact.run
                    AND task.job = artifact.job AND task.instance = artifact.instance
                WHERE artifact.project = {PROJECT} AND name = :name AND (:job IS NULL OR artifact.job = :job)
                    AND (:before = 0 OR artifact.run < :before)
                    AND (artifact.run = 0 OR task.state IS NULL OR task.state = 'succeeded')""",
            {"project": project, "name": name, "job": job, "before": before},
        )
        return row["run"] if row else None

    def artifact_names(self, project: ProjectId) -> tuple[str, ...]:
        """Every name that the project has kept something under."""
        rows = self._all(
            f"SELECT DISTINCT name FROM artifact WHERE project = {PROJECT} ORDER BY name LIMIT 50", {"project": project}
        )
        return tuple(row["name"] for row in rows)

    def may_read(self, project: ProjectId, sha256: str) -> bool:
        """Whether the content is of an artifact or a model of the project, or of a public model."""
        row = self._one(
            f"""SELECT 1 WHERE EXISTS (SELECT 1 FROM artifact WHERE sha256 = :sha256 AND project = {PROJECT})
                OR EXISTS (SELECT 1 FROM model_version
                    WHERE sha256 = :sha256 AND (project = {PROJECT} OR access = 'public'))""",
            {"project": project, "sha256": sha256},
        )
        return row is not None

    def is_referenced(self, sha256: str) -> bool:
        """Whether an artifact or a model has this content."""
        row = self._one(
            """SELECT 1 WHERE EXISTS (SELECT 1 FROM artifact WHERE sha256 = :sha256)
                OR EXISTS (SELECT 1 FROM model_version WHERE sha256 = :sha256)""",
            {"sha256": sha256},
        )
        return row is not None

    def inputs_of_run(self, run: RunKey, task: TaskKey | None = None) -> tuple[InputView, ...]:
        """What the attempts of a run, or of one task of it, have read, in that order."""
        sql = f"SELECT * FROM input WHERE {OF_RUN_OR_TASK} ORDER BY at, job, instance, name"
        rows = self._all(sql, run_or_task(run, task))
        return tuple(_input(run, row) for row in rows)


class ArtifactWriter(ArtifactReader):
    """The part of the Writer that concerns artifacts."""

    def add_artifact(
        self, source: AttemptKey, name: str, content: Content, form: str, type_name: str, now: datetime
    ) -> int:
        """Keeps it; an older one of the same name stays, and is no longer the newest."""
        self._change(
            f"""INSERT INTO artifact
                    (project, run, job, instance, attempt, name, sha256, size_bytes, form, type, saved_at)
                VALUES ({PROJECT}, :run, :job, :instance, :attempt, :name, :sha256, :size, :form, :type, :at)""",
            {
                **attempt_values(source),
                "name": name,
                "sha256": content.sha256,
                "size": content.size_bytes,
                "form": form,
                "type": type_name,
                "at": to_microseconds(now),
            },
        )
        row = self._one("SELECT last_insert_rowid() AS id")
        assert row is not None, "a statement without a table has one row"
        return int(row["id"])

    def add_inputs(self, reader: AttemptKey, inputs: Iterable[Input], now: datetime) -> None:
        """Notes what an attempt reads; what it reads twice is noted once."""
        self._change_many(
            f"""INSERT OR IGNORE INTO input
                    (project, run, job, instance, attempt, kind, name, version, sha256, made_by, artifact, at)
                VALUES ({PROJECT}, :run, :job, :instance, :attempt, :kind, :name, :version, :sha256, :made_by,
                    :artifact, :at)""",
            [
                {
                    **attempt_values(reader),
                    "kind": one.kind,
                    "name": one.name,
                    "version": one.version,
                    "sha256": one.sha256,
                    "made_by": one.made_by,
                    "artifact": one.artifact,
                    "at": to_microseconds(now),
                }
                for one in inputs
            ],
        )

    def delete_lost_artifacts(self) -> int:
        """Removes artifacts of runs that are gone, unless a run or a model that is kept was made of them."""
        self._change(
            """DELETE FROM input WHERE run > 0 AND NOT EXISTS (
                SELECT 1 FROM run WHERE run.project = input.project AND run.number = input.run)
                AND NOT EXISTS (SELECT 1 FROM model_version
                    WHERE model_version.project = input.project AND model_version.run = input.run)"""
        )
        return self._change(
            """DELETE FROM artifact WHERE run > 0
                AND NOT EXISTS (SELECT 1 FROM run WHERE run.project = artifact.project AND run.number = artifact.run)
                AND NOT EXISTS (SELECT 1 FROM input WHERE input.artifact = artifact.id)"""
        )

    def delete_older_by_hand(self) -> int:
        """Of what was kept by hand under one name, the newest stays."""
        return self._change(
            """DELETE FROM artifact WHERE run = 0
                AND id NOT IN (SELECT max(id) FROM artifact WHERE run = 0 GROUP BY project, name)
                AND NOT EXISTS (SELECT 1 FROM input WHERE input.artifact = artifact.id)"""
        )


def _artifact(row: sqlite3.Row) -> Artifact:
    task = TaskKey(RunKey(ProjectId(row["key"]), row["run"]), JobId(row["job"]), row["instance"])
    return Artifact(
        id=row["id"],
        source=AttemptKey(task, row["attempt"]),
        name=row["name"],
        content=Content(row["sha256"], row["size_bytes"]),
        form=row["form"],
        type=row["type"],
        saved_at=to_instant(row["saved_at"]),
    )


def _input(run: RunKey, row: sqlite3.Row) -> InputView:
    reader = AttemptKey(TaskKey(run, JobId(row["job"]), row["instance"]), row["attempt"])
    found = Input(InputKind(row["kind"]), row["name"], row["version"], row["sha256"], row["made_by"], row["artifact"])
    return InputView(reader, found, to_instant(row["at"]))
