"""What people ask about what jobs said and kept."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from skafd.api.kept import (
    ArtifactInfo,
    InputInfo,
    LastValue,
    MessageInfo,
    MetricInfo,
    ModelInfo,
    PointInfo,
    RunKept,
    SeriesInfo,
    TagRequest,
    TaskRecord,
)
from skafd.api.shapes import LogSource
from skafd.artifacts.content import ContentStore
from skafd.daemon import present
from skafd.daemon.finding import find_project, find_run
from skafd.daemon.flows_left import steps_kept
from skafd.daemon.for_jobs.naming import TaskNames
from skafd.daemon.for_jobs.words import check_names, value_of
from skafd.daemon.mailbox import Mailbox
from skafd.daemon.messages import read_messages
from skafd.engine.again import kept_from
from skafd.errors import NotFound
from skafd.model.deployment import Deployment
from skafd.model.environment import Lock
from skafd.model.ids import JobId, TaskKey
from skafd.model.kept import Artifact, ModelVersion
from skafd.store import Database, Purpose, Reader, Writer, views
from skafd.store.artifacts import InputView
from skafd.store.metrics import Series


class Kept:
    """Implements `skafd.api.kept.KeptBackend`. Not for the orchestrator's own thread."""

    def __init__(
        self,
        database: Database,
        mailbox: Mailbox,
        contents: ContentStore,
        deployments: Path,
        sources: Callable[[str], list[LogSource]],
    ) -> None:
        self._database = database
        self._mailbox = mailbox
        self._contents = contents
        self._deployments = deployments
        self._sources = sources

    def of_run(self, run: str, task: str | None = None) -> RunKept:
        """Everything, or what is of one task. Raises NotFound."""
        with self._database.reader() as reader:
            project, key = find_run(reader, run)
            named, detail = TaskNames(reader), reader.run(key)
            deployment = reader.deployment(key.project, detail.run.deployment)
            names = _names(detail, deployment)
            if task is not None:
                detail = _only(detail, names, task)
            keys = {one.key for one in detail.tasks}
            inputs = [one for one in reader.inputs_of_run(key) if one.reader.task in keys]
            return RunKept(
                run=present.run_name(project.slug, key.number),
                artifacts=[_artifact(named, one) for one in reader.artifacts_of_run(key) if one.source.task in keys],
                models=[_model(named, one) for one in reader.models_of_run(key) if one.source.task in keys],
                inputs=[_input(named, one) for one in inputs],
                records=_records(reader, named, detail, inputs),
                code=str(self._deployments / project.slug / deployment.snapshot_hash),
                outputs={names[one.key]: value_of(one.output) for one in detail.tasks if one.output is not None},
                kept_from={
                    names[one.key]: present.run_name(project.slug, number)
                    for one in detail.tasks
                    if (number := kept_from(one.reason)) is not None
                },
                steps=steps_kept(detail, deployment, names),
                metrics=[
                    _last_value(reader, one, names)
                    for one in reader.metric_series(key.project, None, key.number)
                    if one.source.task in keys
                ],
            )

    def artifact_path(self, number: int) -> Path:
        """Where its bytes are. Raises NotFound."""
        with self._database.reader() as reader:
            artifact = reader.artifact(number)
        if artifact is None:
            raise NotFound(f"there is no artifact {number}", "`skafd show RUN --artifacts` lists them")
        return self._path(artifact.content.sha256)

    def models(self, project: str, name: str | None, tag: str | None, limit: int) -> list[ModelInfo]:
        """Versions, newest first. Raises NotFound."""
        with self._database.reader() as reader:
            found = reader.models(find_project(reader, project).id, name and name.lower(), tag, limit=limit)
            names = TaskNames(reader)
            return [_model(names, one) for one in found]

    def model(self, project: str, name: str, tag: str | None, version: str | None) -> ModelInfo:
        """One, with what it was made of. Raises NotFound."""
        with self._database.reader() as reader:
            found = _find_model(reader, project, name, tag, version)
            names, source = TaskNames(reader), found.source.task
            inputs = [one for one in reader.inputs_of_run(source.run) if one.reader.task == source]
            made_of = [_input(names, one) for one in inputs if source.run.number]
            return replace(_model(names, found), made_of=made_of)

    def model_path(self, project: str, name: str, tag: str | None, version: str | None) -> Path:
        """Where its bytes are. Raises NotFound."""
        with self._database.reader() as reader:
            found = _find_model(reader, project, name, tag, version)
        return self._path(found.content.sha256)

    def tag_model(self, project: str, request: TagRequest) -> ModelInfo:
        """Gives a tag. Raises NotFound, Refused."""
        check_names("tag", [request.tag])

        def change(writer: Writer, model: ModelVersion) -> None:
            if request.only:
                writer.promote_model(model, request.tag)
            else:
                writer.tag_model(model, [request.tag])

        self._change(project, request.name, request.version, change)
        return self.model(project, request.name, None, request.version)

    def untag_model(self, project: str, name: str, version: str, tag: str) -> None:
        """Takes a tag. Raises NotFound."""

        def change(writer: Writer, model: ModelVersion) -> None:
            if not writer.untag_model(model, tag):
                raise NotFound(f"{model.name} {model.version} has no tag {tag!r}", f"it has: {', '.join(model.tags)}")

        self._change(project, name, version, change)

    def delete_model(self, project: str, name: str, version: str) -> None:
        """Its bytes go later, when nothing else has them. Raises NotFound."""
        self._change(project, name, version, lambda writer, model: writer.delete_model(model))

    def metrics(self, project: str) -> list[MetricInfo]:
        """By name. Raises NotFound."""
        with self._database.reader() as reader:
            return [MetricInfo(*one) for one in reader.metric_names(find_project(reader, project).id)]

    def series(self, project: str, name: str, run: int | None, runs: int, points: int) -> list[SeriesInfo]:
        """Oldest run first. Raises NotFound where nobody reported it."""
        with self._database.reader() as reader:
            row = find_project(reader, project)
            found = reader.metric_series(row.id, name, run, runs)
            if not found:
                known = ", ".join(one for one, _, _ in reader.metric_names(row.id))
                where = f" in run {run}" if run is not None else ""
                raise NotFound(
                    f"{row.slug} has reported no metric {name!r}{where}",
                    f"it has: {known}" if known else "ska.report(name, y) reports one",
                )
            names = TaskNames(reader)
            return [_series(reader, names, one, max(2, points)) for one in found]

    def messages(self, target: str, level: str | None, label: str | None, limit: int) -> list[MessageInfo]:
        """The last of the newest attempts of a target. Raises NotFound, Refused."""
        return read_messages(self._sources(target), level, label, limit)

    def _path(self, sha256: str) -> Path:
        self._contents.open(sha256).close()
        return self._contents.path(sha256)

    def _change(self, project: str, name: str, version: str, change: Callable[[Writer, ModelVersion], None]) -> None:
        with self._database.reader() as reader:
            model = _find_model(reader, project, name, None, version)

        def prepare(writer: Writer) -> list[Any]:
            change(writer, model)
            return []

        self._mailbox.put(prepare, Purpose.MODEL).result()


def _find_model(reader: Reader, project: str, name: str, tag: str | None, version: str | None) -> ModelVersion:
    row = find_project(reader, project)
    found = reader.models(row.id, name.lower(), tag, version, limit=1)
    if found:
        return found[0]
    which = f" with version {version}" if version else f" with the tag {tag!r}" if tag else ""
    raise NotFound(f"{row.slug} has no model {name!r}{which}", f"`skafd models list {row.slug}` lists them")


def _artifact(names: TaskNames, artifact: Artifact) -> ArtifactInfo:
    return ArtifactInfo(
        artifact=artifact.id,
        name=artifact.name,
        task=names.of(artifact.source.task),
        attempt=artifact.source.number,
        form=artifact.form,
        type=artifact.type,
        size_bytes=artifact.content.size_bytes,
        sha256=artifact.content.sha256,
        saved_at=artifact.saved_at.isoformat(),
    )


def _input(names: TaskNames, view: InputView) -> InputInfo:
    task = names.of(view.reader.task)
    one = view.input
    return InputInfo(task, view.reader.number, one.kind.value, one.name, one.version, one.sha256, one.made_by)


def _model(names: TaskNames, model: ModelVersion) -> ModelInfo:
    return ModelInfo(
        project=names.slug(model.project),
        name=model.name,
        version=model.version,
        tags=list(model.tags),
        access=model.access.value,
        size_bytes=model.content.size_bytes,
        sha256=model.content.sha256,
        inserted_at=model.inserted_at.isoformat(),
        task=names.of(model.source.task),
        deployment=model.deployment,
        code=model.snapshot_hash,
    )


def _series(reader: Reader, names: TaskNames, series: Series, most: int) -> SeriesInfo:
    points = reader.metric_points(series.id, most)
    return SeriesInfo(
        name=series.name,
        task=names.of(series.source.task),
        run=series.source.task.run.number,
        attempt=series.source.number,
        x_label=series.x_label,
        y_label=series.y_label,
        count=series.points,
        points=[PointInfo(one.x, one.y, one.at.isoformat()) for one in points],
    )


def _last_value(reader: Reader, series: Series, names: Mapping[TaskKey, str]) -> LastValue:
    last = reader.last_point(series.id)
    source = series.source
    return LastValue(series.name, names[source.task], source.number, series.points, last.y if last else None)


def _only(detail: views.RunDetail, names: Mapping[TaskKey, str], task: str) -> views.RunDetail:
    found = tuple(one for one in detail.tasks if names[one.key] == task)
    if not found:
        raise NotFound(f"there is no task {task}", f"`skafd show {detail.run.slug}/{detail.run.key.number}` lists them")
    return replace(detail, tasks=found)


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
    reader: Reader, names: TaskNames, detail: views.RunDetail, inputs: Iterable[InputView]
) -> list[TaskRecord]:
    """One for each task that was begun."""
    run = detail.run
    deployment = reader.deployment(run.key.project, run.deployment)
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
            records.append(_record(names, deployment, run, task.key, locks[key], sorted(read.get(task.key, []))))
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
