"""Projects: their jobs, deployments and variables."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True, slots=True)
class Problem:
    """Why the last save of a project is not live."""

    stage: str
    """`snapshot`, `config`, `environment` or `release`."""
    at: str
    text: str
    """For people, several lines; a config problem shows file:line:column, the line and a caret."""
    details: list[dict[str, Any]] = field(default_factory=list)
    """Config problems as `skafd validate --json` gives them."""


@dataclass(frozen=True, slots=True)
class ProgressInfo:
    """How far an attempt has said that it is."""

    done: float
    total: float | None
    text: str
    at: str


@dataclass(frozen=True, slots=True)
class JobStatus:
    """A job with what its newest task did."""

    id: str
    name: str
    schedule: str | None
    dependencies: list[str]
    """Ids."""
    next_at: str | None
    state: str | None
    """Of the newest task, by the state table; null when it never ran."""
    reason: str
    run: str | None
    """`churn/42`."""
    started_at: str | None
    ended_at: str | None
    instances: int = 1
    counts: dict[str, int] = field(default_factory=dict)
    """How many instances of the newest run are in which state."""
    paused: bool = False
    """Its occurrences are missed until it, or its project, is resumed."""
    progress: ProgressInfo | None = None
    """Of an attempt that runs."""
    waits_for: str = ""
    """The events that start it, and what of those that must all come has come; empty where none do."""


@dataclass(frozen=True, slots=True)
class DeploymentInfo:
    number: int
    snapshot_hash: str
    environment_key: str
    created_at: str
    live: bool
    jobs: int


@dataclass(frozen=True, slots=True)
class BuildInfo:
    """How far the copy of a project's files, or the build of its environment, is."""

    what: str
    """The step, or the last that a tool said."""
    since: str
    done: int | None = None
    total: int | None = None
    """Of the step, where it can be told."""
    unit: str | None = None
    """`bytes`, `packages` or `files`."""
    percent: int | None = None


@dataclass(frozen=True, slots=True)
class ProjectStatus:
    project: str
    """The short name that every command takes (the slug)."""
    name: str
    path: str
    token: str | None
    deployment: DeploymentInfo | None
    problem: Problem | None
    activity: str | None
    """What is being done to it now, for example `building environment: installing, 12 of 40 packages`."""
    warnings: list[str]
    jobs: list[JobStatus]
    open_runs: list[str]
    id: str = ""
    """The token, else what skafd knows its folder by."""
    build: BuildInfo | None = None
    """While an environment is made for it."""


@dataclass(frozen=True, slots=True)
class Variable:
    key: str
    value: str
    """Masked as `***` unless it was asked for."""


@dataclass(frozen=True, slots=True)
class FolderResult:
    """What became of one folder handed to `skafd up`."""

    folder: str
    project: str | None
    outcome: str
    """`deployed`, `unchanged`, `refused` or `no project`."""
    deployment: int | None
    text: str
    """Why it was refused, for people."""
    warnings: list[str]
