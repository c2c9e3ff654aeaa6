"""What churn kept, as the api sees it."""

from __future__ import annotations

import dataclasses
import tempfile
from pathlib import Path

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
    StepKept,
    TagRequest,
    TaskRecord,
)
from skafd.errors import NotFound

AT = "2026-03-01T11:00:00+00:00"
READ = InputInfo("churn/42/train", 1, "artifact", "rows", "3", "b" * 64, "churn/42/ingest")


def version(number: int, *tags: str) -> ModelInfo:
    """A version of the model `tree`."""
    by = ("churn/42/train", 7, "7" * 64)
    return ModelInfo("churn", "tree", str(number), list(tags), "private", 2048, "a" * 64, AT, *by)


def series(run: int, *values: float | None, task: str = "train", attempt: int = 1) -> SeriesInfo:
    """A series of the metric `loss`."""
    points = [PointInfo(float(place), value, AT) for place, value in enumerate(values, 1)]
    return SeriesInfo("loss", f"churn/{run}/{task}", run, attempt, "epoch", "loss", len(points), points)


class FakeKept:
    """Two versions of a model, an artifact, a metric."""

    def __init__(self) -> None:
        self.versions = [version(200, "latest"), version(100, "latest", "production")]
        self.loss = [series(41, 0.5, 0.25), series(42, 0.5, None, 0.125)]
        self.more_artifacts: list[ArtifactInfo] = []
        self.steps: list[StepKept] = []
        self.contents: dict[int, bytes] = {}
        self.asked_messages: list[tuple[str, str | None, str | None, int]] = []

    def of_run(self, run: str, task: str | None = None) -> RunKept:
        artifact = ArtifactInfo(7, "rows", "churn/42/ingest", 1, "pickle", "list", 3, "b" * 64, AT)
        record = TaskRecord("churn/42/train", "7" * 64, "e" * 32, "f" * 64, ["numpy==2.0"], {}, "1" * 64, "2" * 64)
        last = [LastValue("loss", one.task, one.attempt, one.count, one.points[-1].y) for one in self.loss]
        return RunKept(
            run,
            [one for one in (artifact, *self.more_artifacts) if task in (None, one.task)],
            [self.versions[0]],
            [READ],
            [record],
            code="/srv/code",
            steps=[one for one in self.steps if task in (None, one.task)],
            outputs={"churn/42/ingest": [1, 2]},
            metrics=[one for one in last if one.task.startswith(f"{run}/")],
        )

    def artifact_path(self, number: int) -> Path:
        content = {7: b"rows", **self.contents}.get(number)
        if content is None:
            raise NotFound(f"there is no artifact {number}")
        return _file(content)

    def models(self, project: str, name: str | None, tag: str | None, limit: int) -> list[ModelInfo]:
        assert project == "churn"
        found = [one for one in self.versions if name in (None, one.name) and (tag is None or tag in one.tags)]
        return found[:limit]

    def model(self, project: str, name: str, tag: str | None, version: str | None) -> ModelInfo:
        found = [one for one in self.models(project, name, tag, 100) if version in (None, one.version)]
        if not found:
            raise NotFound(f"churn has no model {name!r}", "`skafd models list churn` lists them")
        return dataclasses.replace(found[0], made_of=[READ])

    def model_path(self, project: str, name: str, tag: str | None, version: str | None) -> Path:
        return _file(f"tree {self.model(project, name, tag, version).version}".encode())

    def tag_model(self, project: str, request: TagRequest) -> ModelInfo:
        for one in self.versions:
            if request.only and request.tag in one.tags:
                one.tags.remove(request.tag)
            if one.version == request.version:
                one.tags.append(request.tag)
        return self.model(project, request.name, None, request.version)

    def untag_model(self, project: str, name: str, version: str, tag: str) -> None:
        self.model(project, name, None, version).tags.remove(tag)

    def delete_model(self, project: str, name: str, version: str) -> None:
        self.versions.remove(dataclasses.replace(self.model(project, name, None, version), made_of=[]))

    def metrics(self, project: str) -> list[MetricInfo]:
        assert project == "churn"
        return [MetricInfo("loss", 2, 1005)]

    def series(self, project: str, name: str, run: int | None, runs: int, points: int) -> list[SeriesInfo]:
        assert project == "churn" and points >= 1000
        if name != "loss":
            raise NotFound(f"churn has reported no metric {name!r}", "it has: loss")
        return [one for one in self.loss if run in (None, one.run)][-runs:]

    def messages(self, target: str, level: str | None, label: str | None, limit: int) -> list[MessageInfo]:
        self.asked_messages.append((target, level, label, limit))
        return [MessageInfo("churn/42/train", AT, "skafossdk.skafos", "INFO", ["saving"], "done")]


def _file(content: bytes) -> Path:
    with tempfile.NamedTemporaryFile(delete=False) as file:
        file.write(content)
    return Path(file.name)
