"""What a run, or one task of it, has said and kept."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from skafd.api.kept import RunKept, TaskRecord
from skafd.daemon import present
from skafd.daemon.finding import find_run, find_tasks
from skafd.daemon.flows_left import steps_kept
from skafd.daemon.for_jobs.naming import TaskNames
from skafd.daemon.for_jobs.words import value_of
from skafd.daemon.kept.infos import artifact_info, input_info, last_value, model_info
from skafd.daemon.targets import parse_target
from skafd.engine.again import kept_from
from skafd.errors import NotFound
from skafd.model.deployment import Deployment
from skafd.model.environment import Lock
from skafd.model.ids import JobId, TaskKey
from skafd.store import Reader, views
from skafd.store.artifacts import InputView


def kept_of_run(reader: Reader, deployments: Path, name: str) -> RunKept:
    """Everything. Raises NotFound."""
    _, key = find_run(reader, name)
    return _kept(reader, deployments, reader.run(key))


def kept_of_task(reader: Reader, deployments: Path, name: str, task: str) -> RunKept:
    """What is of one task, read without the others: its run may have ten thousand. Raises NotFound."""
    _, key = find_run(reader, name)
    found = [(run, view) for run, view in find_tasks(reader, parse_target(task)) if view.key.run == key]
    if len(found) != 1:
        raise NotFound(f"{task} is not one task of run {name}", f"`skafd show {name}` lists them")
    run, view = found[0]
    return _kept(reader, deployments, views.RunDetail(run, (view,)), view.key)


def _kept(reader: Reader, deployments: Path, detail: views.RunDetail, only: TaskKey | None = None) -> RunKept:
    run = detail.run.key
    named, deployment = TaskNames(reader), reader.deployment(run.project, detail.run.deployment)
    names = _names(detail, deployment)
    inputs = reader.inputs_of_run(run, only)
    return RunKept(
        run=present.run_name(detail.run.slug, run.number),
        artifacts=[artifact_info(named, one) for one in reader.artifacts_of_run(run, only)],
        models=[model_info(named, one) for one in reader.models_of_run(run, only)],
        inputs=[input_info(named, one) for one in inputs],
        records=_records(reader, named, detail, deployment, inputs),
        code=str(deployments / detail.run.slug / deployment.snapshot_hash),
        outputs={names[one.key]: value_of(one.output) for one in detail.tasks if one.output is not None},
        kept_from={
            names[one.key]: present.run_name(detail.run.slug, number)
            for one in detail.tasks
            if (number := kept_from(one.reason)) is not None
        },
        steps=steps_kept(detail, deployment, names),
        metrics=[last_value(reader, one, names) for one in reader.series_of_run(run, only)],
    )


def _names(detail: views.RunDetail, deployment: Deployment) -> dict[TaskKey, str]:
    """All at once: a run may have ten thousand tasks."""
    run = detail.run.key
    return {
        one.key: present.task_name(
            detail.run.slug, run.number, deployment.config.job(one.key.job), one.key.job, one.key.instance, one.part
        )
        for one in detail.tasks
    }


def _records(
    reader: Reader, names: TaskNames, detail: views.RunDetail, deployment: Deployment, inputs: Iterable[InputView]
) -> list[TaskRecord]:
    """One for each task that was begun."""
    locks: dict[str, Lock | None] = {}
    read: dict[TaskKey, list[tuple[str, str, str, str]]] = {}
    for one in inputs:
        found = (one.input.kind.value, one.input.name, one.input.version, one.input.sha256)
        read.setdefault(one.reader.task, []).append(found)
    records = []
    for task in detail.tasks:
        key = deployment.environment_of(task.key.job)
        if key not in locks:
            locks[key] = reader.lock(key)
        if task.attempts:
            records.append(_record(names, deployment, detail.run, task.key, locks[key], sorted(read.get(task.key, []))))
    return records


def _record(
    names: TaskNames, deployment: Deployment, run: views.RunView, task: TaskKey, lock: Lock | None, read: list[Any]
) -> TaskRecord:
    parameters = _parameters(deployment, task.job, dict(run.parameters))
    packages = list(lock.packages) if lock else []
    return TaskRecord(
        task=names.of(task),
        code=deployment.snapshot_hash,
        environment=deployment.environment_of(task.job),
        lock=_hash([lock.python, lock.platform, *packages]) if lock else None,
        packages=packages,
        parameters=parameters,
        parameters_hash=_hash(sorted(parameters.items())),
        inputs_hash=_hash(read),
    )


def _parameters(deployment: Deployment, job: JobId, given: Mapping[str, str]) -> dict[str, str]:
    """What the run was given, and what the job's config says of the rest."""
    declared = deployment.config.job(job).parameters
    return {**{one.name: one.default for one in declared if one.default is not None}, **given}


def _hash(value: Any) -> str:
    return hashlib.sha256(json.dumps(value, separators=(",", ":")).encode()).hexdigest()
