"""What the api says of what jobs say and keep: shapes, and what is asked of the daemon for them."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, ClassVar, Protocol

_STRICT: dict[str, Any] = {"extra": "forbid"}


@dataclass(frozen=True, slots=True)
class ArtifactInfo:
    artifact: int
    name: str
    task: str
    """`churn/42/train`; empty for what somebody kept by hand."""
    attempt: int
    form: str
    """`pickle`, `npy`, `arrow`, `pandas`, `bytes` or `file`."""
    type: str
    """What it was in the program."""
    size_bytes: int
    sha256: str
    saved_at: str


@dataclass(frozen=True, slots=True)
class InputInfo:
    """Something that an attempt has read."""

    task: str
    attempt: int
    kind: str
    """`artifact`, `model`, `output` or `table`."""
    name: str
    version: str
    sha256: str
    made_by: str
    """The task that had made it; empty for what somebody made by hand."""


@dataclass(frozen=True, slots=True)
class ModelInfo:
    project: str
    name: str
    version: str
    tags: list[str]
    access: str
    size_bytes: int
    sha256: str
    inserted_at: str
    task: str
    """Which task saved it; empty for one that was saved by hand."""
    deployment: int | None
    code: str
    """The hash of the code that made it."""
    made_of: list[InputInfo] = field(default_factory=list)
    """What the task that saved it has read; only of one that was asked for by itself."""


@dataclass(frozen=True, slots=True)
class TaskRecord:
    """Of what a task was made: equal hashes, equal things."""

    task: str
    code: str
    """The hash of the deployed code."""
    environment: str
    """The key of its environment."""
    lock: str | None
    """The hash over the packages that were resolved."""
    packages: list[str]
    parameters: dict[str, str]
    parameters_hash: str
    inputs_hash: str
    """Over what its attempts have read."""


@dataclass(frozen=True, slots=True)
class LastValue:
    """How the series of an attempt ends."""

    name: str
    task: str
    attempt: int
    points: int
    last: float | None
    """Null where it was not a number."""


@dataclass(frozen=True, slots=True)
class StepArtifactInfo:
    name: str
    type: str
    size_bytes: int
    """Pickled."""


@dataclass(frozen=True, slots=True)
class StepKept:
    """What a step of a flow has left where Metaflow keeps it."""

    task: str
    pathspec: str
    """What Metaflow calls it."""
    artifacts: list[StepArtifactInfo]
    cards: list[str]
    """Their files."""


@dataclass(frozen=True, slots=True)
class RunKept:
    """What a run kept and read, and of what its tasks were made."""

    run: str
    artifacts: list[ArtifactInfo]
    models: list[ModelInfo]
    inputs: list[InputInfo]
    records: list[TaskRecord]
    code: str = ""
    """The folder of the deployed code."""
    outputs: dict[str, Any] = field(default_factory=dict)
    """What tasks have published, by the tasks' names."""
    metrics: list[LastValue] = field(default_factory=list)
    kept_from: dict[str, str] = field(default_factory=dict)
    """Of tasks that were not run again, in a run that goes on with another: the run that they were taken from."""
    steps: list[StepKept] = field(default_factory=list)
    """Of flows; at most 200."""


@dataclass(frozen=True, slots=True)
class MetricInfo:
    name: str
    runs: int
    points: int


@dataclass(frozen=True, slots=True)
class PointInfo:
    x: float | str
    y: float | None
    """Null where it was not a number."""
    at: str


@dataclass(frozen=True, slots=True)
class SeriesInfo:
    """What one attempt reported of a metric."""

    name: str
    task: str
    run: int
    attempt: int
    x_label: str
    y_label: str
    count: int
    points: list[PointInfo]
    """All, or every n-th and the last where there are more than were asked for."""


@dataclass(frozen=True, slots=True)
class MessageInfo:
    """A line that a job logged through the SDK."""

    task: str
    at: str
    logger: str
    level: str
    labels: list[str]
    text: str


@dataclass(frozen=True, slots=True)
class TagRequest:
    """A tag for a version; `only`: the others of that name lose it."""

    __pydantic_config__: ClassVar[dict[str, Any]] = _STRICT
    name: str
    version: str
    tag: str
    only: bool = False


class KeptBackend(Protocol):
    """The daemon, as the api sees it. Methods may block, and raise NotFound and Refused."""

    def of_run(self, run: str, task: str | None = None) -> RunKept:
        """All of it, or of one task."""

    def artifact_path(self, number: int) -> Path: ...

    def models(self, project: str, name: str | None, tag: str | None, limit: int) -> list[ModelInfo]: ...

    def model(self, project: str, name: str, tag: str | None, version: str | None) -> ModelInfo: ...

    def model_path(self, project: str, name: str, tag: str | None, version: str | None) -> Path: ...

    def tag_model(self, project: str, request: TagRequest) -> ModelInfo: ...

    def untag_model(self, project: str, name: str, version: str, tag: str) -> None: ...

    def delete_model(self, project: str, name: str, version: str) -> None: ...

    def metrics(self, project: str) -> list[MetricInfo]: ...

    def series(self, project: str, name: str, run: int | None, runs: int, points: int) -> list[SeriesInfo]: ...

    def messages(self, target: str, level: str | None, label: str | None, limit: int) -> list[MessageInfo]: ...
