"""What jobs said and kept, as the API shows it."""

from __future__ import annotations

from collections.abc import Mapping

from skafd.api.kept import ArtifactInfo, InputInfo, LastValue, ModelInfo, PointInfo, SeriesInfo
from skafd.daemon.for_jobs.naming import TaskNames
from skafd.model.ids import TaskKey
from skafd.model.kept import Artifact, ModelVersion
from skafd.store import Reader
from skafd.store.artifacts import InputView
from skafd.store.metrics import Series


def artifact_info(names: TaskNames, artifact: Artifact) -> ArtifactInfo:
    """Something that a task kept."""
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


def input_info(names: TaskNames, view: InputView) -> InputInfo:
    """Something that a task read."""
    task = names.of(view.reader.task)
    one = view.input
    return InputInfo(task, view.reader.number, one.kind.value, one.name, one.version, one.sha256, one.made_by)


def model_info(names: TaskNames, model: ModelVersion) -> ModelInfo:
    """A version, without what it was made of."""
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


def series_info(reader: Reader, names: TaskNames, series: Series, most: int) -> SeriesInfo:
    """A metric of one attempt, with at most so many points and the last."""
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


def last_value(reader: Reader, series: Series, names: Mapping[TaskKey, str]) -> LastValue:
    """Where a metric of one attempt stands."""
    last = reader.last_point(series.id)
    source = series.source
    return LastValue(series.name, names[source.task], source.number, series.points, last.y if last else None)
