"""What differs between two runs: code, packages, parameters, results."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

from skafd.api.differences import (
    ArtifactDiff,
    MetricDiff,
    ParameterDiff,
    RunDiff,
    TaskDiff,
    TaskResult,
)
from skafd.daemon import present
from skafd.daemon.comparing_versions import Version, differing_files, differing_packages
from skafd.daemon.finding import find_run
from skafd.engine.again import kept_from
from skafd.errors import NotFound
from skafd.model.deployment import Deployment
from skafd.model.ids import RunKey, TaskKey
from skafd.store import Database, Reader, views

MOST_TASKS = 1000
_Named = tuple[str, str]
"""A task without its run, and the name of something of it."""
_K = TypeVar("_K", str, _Named)
_V = TypeVar("_V")


@dataclass(frozen=True, slots=True)
class _Side:
    """One of the two runs."""

    detail: views.RunDetail
    version: Version
    tasks: Mapping[TaskKey, str]
    metrics: Mapping[_Named, float | None]
    artifacts: Mapping[_Named, str]

    @property
    def name(self) -> str:
        return self.version.name

    @property
    def deployment(self) -> Deployment:
        return self.version.deployment


def compare_runs(database: Database, deployments: Path, first: str, second: str) -> RunDiff:
    """Of any two runs, also of two projects. Raises NotFound."""
    with database.reader() as reader:
        old, new = _side(reader, deployments, first), _side(reader, deployments, second)
        notes: list[str] = []
        packages = differing_packages(reader, old.version, new.version, notes)
    states = _tasks(old, new)
    if len(states) > MOST_TASKS:
        notes.append(f"of {len(states):,} tasks {MOST_TASKS:,} are compared")
    return RunDiff(
        first=present.run_summary(old.detail.run, old.deployment.config),
        second=present.run_summary(new.detail.run, new.deployment.config),
        code=differing_files(old.version, new.version, notes),
        packages=packages,
        parameters=_parameters(old, new),
        tasks=states[:MOST_TASKS],
        metrics=[
            MetricDiff(*key, old.metrics.get(key), new.metrics.get(key)) for key in _differing(old.metrics, new.metrics)
        ],
        artifacts=[
            ArtifactDiff(*key, old.artifacts.get(key), new.artifacts.get(key))
            for key in _differing(old.artifacts, new.artifacts)
        ],
        notes=notes,
    )


def _side(reader: Reader, deployments: Path, name: str) -> _Side:
    project, key = find_run(reader, name)
    detail = reader.run(key)
    deployment = reader.deployment(key.project, detail.run.deployment)
    tasks = {task.key: _label(detail.run, deployment, task) for task in detail.tasks}
    did = _who_did(reader, detail, tasks)
    metrics: dict[_Named, float | None] = {}
    artifacts: dict[_Named, str] = {}
    for run in dict.fromkeys(task.run for task in did):
        # Attempts and artifacts come oldest first, so the newest of a task is the one that stays.
        for series in reader.series_of_run(run):
            if series.source.task in did:
                last = reader.last_point(series.id)
                metrics[did[series.source.task], series.name] = last.y if last else None
        for artifact in reader.artifacts_of_run(run):
            if artifact.source.task in did:
                artifacts[did[artifact.source.task], artifact.name] = artifact.content.sha256
    name = present.run_name(detail.run.slug, detail.run.key.number)
    version = Version(name, deployment, deployments / project.slug / deployment.snapshot_hash)
    return _Side(detail, version, tasks, metrics, artifacts)


def _who_did(reader: Reader, detail: views.RunDetail, labels: Mapping[TaskKey, str]) -> dict[TaskKey, str]:
    """The tasks that did what the run has, each with what it is called here: of one that was kept, that of before."""
    runs = {detail.run.key.number: {task.key: task for task in detail.tasks}}
    did: dict[TaskKey, str] = {}
    for task in detail.tasks:
        found: views.TaskView | None = task
        while found is not None and (number := kept_from(found.reason)) is not None:
            key = TaskKey(RunKey(found.key.run.project, number), found.key.job, found.key.instance)
            found = _task_before(reader, runs, key)
        if found is not None:
            did[found.key] = labels[task.key]
    return did


def _task_before(reader: Reader, runs: dict[int, dict[TaskKey, views.TaskView]], key: TaskKey) -> views.TaskView | None:
    """Of an earlier run, each of which is read once; None where that is gone."""
    if key.run.number not in runs:
        try:
            runs[key.run.number] = {task.key: task for task in reader.run(key.run).tasks}
        except NotFound:
            runs[key.run.number] = {}
    return runs[key.run.number].get(key)


def _label(run: views.RunView, deployment: Deployment, task: views.TaskView) -> str:
    job = deployment.config.job(task.key.job)
    name = present.task_name(run.slug, run.key.number, job, job.id, task.key.instance, task.part)
    return name.split("/", 2)[2]


def _parameters(old: _Side, new: _Side) -> list[ParameterDiff]:
    first, second = _given(old), _given(new)
    return [ParameterDiff(name, first.get(name), second.get(name)) for name in _differing(first, second)]


def _given(side: _Side) -> dict[str, str]:
    """With what the config says of the rest."""
    declared = [one for job in side.deployment.config.jobs for one in job.parameters]
    return {
        **{one.name: one.default for one in declared if one.default is not None},
        **dict(side.detail.run.parameters),
    }


def _tasks(old: _Side, new: _Side) -> list[TaskDiff]:
    first, second = _results(old), _results(new)
    labels = dict.fromkeys([*second, *first])
    return [TaskDiff(label, first.get(label), second.get(label)) for label in labels]


def _results(side: _Side) -> dict[str, TaskResult]:
    return {side.tasks[task.key]: TaskResult(task.state.value, _seconds(task)) for task in side.detail.tasks}


def _seconds(task: views.TaskView) -> float | None:
    newest = task.attempts[-1] if task.attempts else None
    if newest is None or newest.started_at is None or newest.ended_at is None:
        return None
    return (newest.ended_at - newest.started_at).total_seconds()


def _differing(first: Mapping[_K, _V], second: Mapping[_K, _V]) -> list[_K]:
    """Keys whose values are not the same, in order."""
    return sorted(key for key in first.keys() | second.keys() if first.get(key) != second.get(key))
