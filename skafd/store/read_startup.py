"""What the daemon needs to know when it starts."""

from __future__ import annotations

import json
import sqlite3
from collections import defaultdict
from datetime import datetime, timedelta
from pathlib import Path

from skafd.errors import NotFound
from skafd.model.deployment import Deployment
from skafd.model.ids import AttemptKey, DeploymentNumber, JobId, ProjectId, RunKey, TaskKey
from skafd.model.run import JobHistory, Run, Task
from skafd.model.states import RunState, TaskState
from skafd.store.codec import decode_limits
from skafd.store.instants import to_instant
from skafd.store.rows import DEPLOYMENT_COLUMNS, cause, deployment, parameters
from skafd.store.statements import Statements
from skafd.store.views import AliveAttempt


class StartupReader(Statements):
    """The part of the Reader that fills the engine and the supervision after a restart."""

    def live_deployments(self) -> tuple[Deployment, ...]:
        """The live deployment of every project that is not forgotten."""
        rows = self._all(
            """SELECT project.key, project.slug, deployment.* FROM project
                JOIN deployment ON deployment.project = project.id AND deployment.number = project.live_deployment
                WHERE NOT forgotten ORDER BY project.id"""
        )
        return tuple(deployment(ProjectId(row["key"]), row) for row in rows)

    def open_runs(self) -> tuple[tuple[Run, Deployment], ...]:
        """Runs that have not ended, with their tasks, and the deployment that each runs on; oldest first."""
        tasks = self._open_tasks()
        deployments: dict[tuple[str, int], Deployment] = {}
        found = []
        for row in self._all(
            """SELECT project.key, run.* FROM run JOIN project ON project.id = run.project
                WHERE run.state = 'running' ORDER BY run.id"""
        ):
            key = RunKey(ProjectId(row["key"]), row["number"])
            version = (row["key"], row["deployment"])
            if version not in deployments:
                deployments[version] = self._deployment(key.project, row["project"], row["deployment"])
            found.append((_run(key, row, tuple(tasks[key])), deployments[version]))
        return tuple(found)

    def whole_run(self, key: RunKey) -> tuple[Run, Deployment]:
        """One run, open or ended, as the engine knows it, with its deployment. Raises NotFound."""
        row = self._one(
            """SELECT project.key, run.* FROM run JOIN project ON project.id = run.project
                WHERE project.key = ? AND run.number = ?""",
            (key.project, key.number),
        )
        if row is None:
            raise NotFound(f"there is no run number {key.number}", "`skafd runs` lists them")
        tasks = self._all(
            "SELECT * FROM task WHERE project = ? AND run = ? ORDER BY rank, instance", (row["project"], key.number)
        )
        found = tuple(_task(TaskKey(key, JobId(task["job"]), task["instance"]), task) for task in tasks)
        return _run(key, row, found), self._deployment(key.project, row["project"], row["deployment"])

    def histories(self) -> dict[ProjectId, tuple[JobHistory, ...]]:
        """What earlier runs say of each job."""
        histories: defaultdict[ProjectId, list[JobHistory]] = defaultdict(list)
        for row in self._all("SELECT project.key, job.* FROM job JOIN project ON project.id = job.project"):
            histories[ProjectId(row["key"])].append(
                JobHistory(
                    job=JobId(row["id"]),
                    last_started_at=to_instant(row["last_started_at"]),
                    last_succeeded_at=to_instant(row["last_succeeded_at"]),
                    scheduled_runs=row["scheduled_runs"],
                )
            )
        return {project: tuple(jobs) for project, jobs in histories.items()}

    def last_run_numbers(self) -> dict[ProjectId, int]:
        """The highest number that each project ever gave to a run; 0 where there was none."""
        rows = self._all("SELECT key, last_run_number FROM project")
        return {ProjectId(row["key"]): row["last_run_number"] for row in rows}

    def planned(self) -> dict[tuple[ProjectId, JobId], datetime]:
        """Until when each job's occurrences have been decided; jobs that were never planned are missing."""
        rows = self._all(
            """SELECT project.key, job.id, job.planned_until FROM job JOIN project ON project.id = job.project
                WHERE planned_until IS NOT NULL"""
        )
        return {(ProjectId(row["key"]), JobId(row["id"])): to_instant(row["planned_until"]) for row in rows}

    def alive_attempts(self) -> tuple[AliveAttempt, ...]:
        """Attempts whose end is not known; what became of them is in their directories."""
        rows = self._all(
            """SELECT project.key, project.slug, attempt.* FROM attempt JOIN project ON project.id = attempt.project
                WHERE ended_at IS NULL ORDER BY launched_at"""
        )
        return tuple(_alive_attempt(row) for row in rows)

    def cancelling(self) -> dict[TaskKey, str]:
        """Tasks that are alive and were asked to end, and why."""
        rows = self._all(
            """SELECT project.key, attempt.* FROM attempt JOIN project ON project.id = attempt.project
                WHERE ended_at IS NULL AND kill_reason IS NOT NULL"""
        )
        return {
            TaskKey(RunKey(ProjectId(row["key"]), row["run"]), JobId(row["job"]), row["instance"]): row["kill_reason"]
            for row in rows
        }

    def deployed_jobs(self) -> dict[ProjectId, set[JobId]]:
        """Jobs that had a run because what is live went live; of projects where something else is alive, too."""
        found: defaultdict[ProjectId, set[JobId]] = defaultdict(set)
        for row in self._all(
            """SELECT DISTINCT project.key, task.job
                FROM (SELECT DISTINCT project AS id FROM attempt WHERE ended_at IS NULL) AS busy
                JOIN project ON project.id = busy.id
                JOIN deployment ON deployment.project = project.id AND deployment.number = project.live_deployment
                JOIN run ON run.project = project.id AND run.deployment = deployment.number
                    AND run.cause = 'deploy' AND run.created_at >= deployment.went_live_at
                JOIN task ON task.project = run.project AND task.run = run.number"""
        ):
            found[ProjectId(row["key"])].add(JobId(row["job"]))
        return found

    def _open_tasks(self) -> dict[RunKey, list[Task]]:
        tasks: defaultdict[RunKey, list[Task]] = defaultdict(list)
        for row in self._all(
            """SELECT project.key, task.* FROM run JOIN project ON project.id = run.project
                JOIN task ON task.project = run.project AND task.run = run.number
                WHERE run.state = 'running' ORDER BY run.id, task.rank, task.instance"""
        ):
            run = RunKey(ProjectId(row["key"]), row["run"])
            tasks[run].append(_task(TaskKey(run, JobId(row["job"]), row["instance"]), row))
        return tasks

    def _deployment(self, project: ProjectId, project_row_id: int, number: int) -> Deployment:
        sql = f"SELECT {DEPLOYMENT_COLUMNS} FROM deployment WHERE project = ? AND number = ?"
        row = self._one(sql, (project_row_id, number))
        assert row is not None, "a foreign key says that it is there"
        return deployment(project, row)


def _run(key: RunKey, row: sqlite3.Row, tasks: tuple[Task, ...]) -> Run:
    return Run(
        key=key,
        deployment=DeploymentNumber(row["deployment"]),
        cause=cause(row),
        state=RunState(row["state"]),
        tasks=tasks,
        parameters=parameters(row),
        created_at=to_instant(row["created_at"]),
        ended_at=to_instant(row["ended_at"]),
        extended=timedelta(microseconds=row["extended"]),
    )


def _task(key: TaskKey, row: sqlite3.Row) -> Task:
    return Task(
        key=key,
        state=TaskState(row["state"]),
        reason=row["reason"],
        attempt=row["attempt"],
        not_before=to_instant(row["not_before"]),
        changed_at=to_instant(row["changed_at"]),
        item=row["item"],
        memory_bytes=row["memory_bytes"],
        gpus=tuple(json.loads(row["gpus"])),
        output=row["output"],
        part=row["part"],
        token=row["token"],
        excused=row["excused"],
    )


def _alive_attempt(row: sqlite3.Row) -> AliveAttempt:
    run = RunKey(ProjectId(row["key"]), row["run"])
    return AliveAttempt(
        key=AttemptKey(TaskKey(run, JobId(row["job"]), row["instance"]), row["number"]),
        state=TaskState(row["state"]),
        slug=row["slug"],
        directory=Path(row["directory"]),
        limits=decode_limits(row["limits"]),
        supervisor_pid=row["supervisor_pid"],
        supervisor_start_time=row["supervisor_start_time"],
        boot_id=row["boot_id"],
        kill_reason=row["kill_reason"],
        launched_at=to_instant(row["launched_at"]),
    )
