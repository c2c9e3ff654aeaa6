"""How the api says what differs between two runs."""

from __future__ import annotations

from dataclasses import dataclass, field

from skafd.api.shapes import RunSummary


@dataclass(frozen=True, slots=True)
class FileDiff:
    path: str
    change: str
    """`added`, `removed` or `changed`."""
    binary: bool
    cut: bool
    """It is text, and too much to be shown."""
    diff: str
    """A unified diff; empty for what is binary or cut."""


@dataclass(frozen=True, slots=True)
class PackageDiff:
    name: str
    first: str | None
    """The version; null where it is not there."""
    second: str | None
    jobs: list[str]


@dataclass(frozen=True, slots=True)
class ParameterDiff:
    name: str
    first: str | None
    second: str | None


@dataclass(frozen=True, slots=True)
class TaskResult:
    state: str
    seconds: float | None
    """How long the newest attempt took; null where it has not ended."""


@dataclass(frozen=True, slots=True)
class TaskDiff:
    task: str
    """Without the run's name."""
    first: TaskResult | None
    """Null where the run has no such task."""
    second: TaskResult | None


@dataclass(frozen=True, slots=True)
class MetricDiff:
    task: str
    name: str
    first: float | None
    """How the series ends; null where it was not reported, or was no number."""
    second: float | None


@dataclass(frozen=True, slots=True)
class ArtifactDiff:
    task: str
    name: str
    first: str | None
    """The sha256 of its content; null where it was not kept."""
    second: str | None


@dataclass(frozen=True, slots=True)
class RunDiff:
    """What differs between two runs; tasks are all there, of the rest only what is not the same."""

    first: RunSummary
    second: RunSummary
    code: list[FileDiff]
    packages: list[PackageDiff]
    parameters: list[ParameterDiff]
    tasks: list[TaskDiff]
    metrics: list[MetricDiff]
    artifacts: list[ArtifactDiff]
    notes: list[str] = field(default_factory=list)
    """What could not be compared, or is left out."""


@dataclass(frozen=True, slots=True)
class DeploymentDiff:
    """What differs between two versions of a project; only what is not the same."""

    project: str
    first: int
    second: int
    code: list[FileDiff]
    packages: list[PackageDiff]
    notes: list[str] = field(default_factory=list)
    """What could not be compared, or is left out."""
