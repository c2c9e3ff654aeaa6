"""From rows to the types that the store hands out."""

from __future__ import annotations

import json
import sqlite3
from pathlib import Path

from skafd.model.deployment import Deployment
from skafd.model.ids import DeploymentNumber, JobId, ProjectId, RunKey, TaskKey
from skafd.model.kept import Progress
from skafd.model.outcome import Usage
from skafd.model.owner import Owner
from skafd.model.project import Project
from skafd.model.run import Cause, CauseKind, EventCause
from skafd.model.states import RunState, TaskState
from skafd.store.codec import decode, decode_limits, decode_outcome
from skafd.store.instants import to_instant
from skafd.store.views import AttemptView, EndedAttempt, EventView, ProjectRow, RunView, TaskView

PROJECT_COLUMNS = (
    "project.key, slug, name, path, token, live_deployment, forgotten, problem, added_at, owner_uid, owner_gid"
)

DEPLOYMENT_COLUMNS = "deployment.*, (SELECT slug FROM project WHERE project.id = deployment.project) AS slug"


def project_row(row: sqlite3.Row) -> ProjectRow:
    """From PROJECT_COLUMNS."""
    return ProjectRow(
        id=ProjectId(row["key"]),
        slug=row["slug"],
        name=row["name"],
        path=Path(row["path"]),
        token=row["token"],
        live_deployment=row["live_deployment"],
        forgotten=bool(row["forgotten"]),
        problem=None if row["problem"] is None else json.loads(row["problem"]),
        added_at=to_instant(row["added_at"]),
        owner=None if row["owner_uid"] is None else Owner(row["owner_uid"], row["owner_gid"]),
    )


def deployment(project: ProjectId, row: sqlite3.Row) -> Deployment:
    """From the columns of `deployment` with `slug` of its project."""
    return Deployment(
        project=project,
        number=DeploymentNumber(row["number"]),
        snapshot_hash=row["snapshot_hash"],
        config=decode(Project, row["config"]),
        environment_key=row["environment_key"],
        created_at=to_instant(row["created_at"]),
        linked=tuple(json.loads(row["linked"])),
        job_environments=tuple((JobId(job), key) for job, key in json.loads(row["job_environments"])),
        slug=row["slug"],
        layers=tuple((name, key) for name, key in json.loads(row["layers"])),
    )


def cause(row: sqlite3.Row) -> Cause:
    """From the columns of `run`."""
    details = row["cause_event_details"]
    event = None if details is None else decode(EventCause, details)
    return Cause(
        CauseKind(row["cause"]), to_instant(row["cause_instant"]), row["cause_detail"], event, row["cause_user"]
    )


def parameters(row: sqlite3.Row) -> tuple[tuple[str, str], ...]:
    """From the columns of `run`."""
    return tuple((name, value) for name, value in json.loads(row["parameters"]))


def run_view(row: sqlite3.Row) -> RunView:
    """From the columns of `run` with `key` and `slug` of its project, `task_count`, `failed` and `tags`."""
    return RunView(
        key=RunKey(ProjectId(row["key"]), row["number"]),
        slug=row["slug"],
        deployment=DeploymentNumber(row["deployment"]),
        cause=cause(row),
        parameters=parameters(row),
        state=RunState(row["state"]),
        created_at=to_instant(row["created_at"]),
        ended_at=to_instant(row["ended_at"]),
        task_count=row["task_count"],
        failed=tuple((JobId(job), instance, part) for job, instance, part in json.loads(row["failed"])),
        tags=tuple(json.loads(row["tags"])),
    )


def task_view(run: RunKey, row: sqlite3.Row, attempts: tuple[AttemptView, ...]) -> TaskView:
    """From the columns of `task`."""
    return TaskView(
        key=TaskKey(run, JobId(row["job"]), row["instance"]),
        state=TaskState(row["state"]),
        reason=row["reason"],
        attempt=row["attempt"],
        not_before=to_instant(row["not_before"]),
        changed_at=to_instant(row["changed_at"]),
        attempts=attempts,
        part=row["part"],
        output=row["output"],
    )


def attempt_view(row: sqlite3.Row) -> AttemptView:
    """From the columns of `attempt`."""
    return AttemptView(
        number=row["number"],
        state=TaskState(row["state"]),
        directory=Path(row["directory"]),
        limits=decode_limits(row["limits"]),
        launched_at=to_instant(row["launched_at"]),
        started_at=to_instant(row["started_at"]),
        ended_at=to_instant(row["ended_at"]),
        outcome=None if row["outcome"] is None else decode_outcome(row["outcome"]),
        exit_code=row["exit_code"],
        usage=Usage(row["peak_memory_bytes"], row["cpu_seconds"], row["start"]),
        progress=None if row["progress"] is None else Progress(**json.loads(row["progress"])),
    )


def ended_attempt(project: ProjectId, row: sqlite3.Row) -> EndedAttempt:
    """From the columns of `attempt`, of one that started and ended."""
    return EndedAttempt(
        task=TaskKey(RunKey(project, row["run"]), JobId(row["job"]), row["instance"]),
        number=row["number"],
        state=TaskState(row["state"]),
        started_at=to_instant(row["started_at"]),
        ended_at=to_instant(row["ended_at"]),
    )


def event_view(row: sqlite3.Row) -> EventView:
    """From the columns of `event` with `key` of its project."""
    return EventView(
        id=row["id"],
        at=to_instant(row["at"]),
        run=RunKey(ProjectId(row["key"]), row["run"]),
        job=row["job"],
        instance=row["instance"],
        attempt=row["attempt"],
        old=row["old"],
        new=row["new"],
        reason=row["reason"],
    )
