"""What attempts leave behind and read: artifacts, versions of models, points of metrics."""

from __future__ import annotations

import math
import re
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from skafd.model.ids import AttemptKey, DeploymentNumber, JobId, ProjectId, RunKey, TaskKey

_SHA256 = re.compile(r"[0-9a-f]{64}")
_LONGEST_NAME = 500
_LONGEST_PROGRESS = 200


@dataclass(frozen=True, slots=True)
class Content:
    """Bytes, named by their hash."""

    sha256: str
    size_bytes: int


class Access(StrEnum):
    """Who may load a model."""

    PRIVATE = "private"
    """Its own project."""
    PUBLIC = "public"
    """Every project of this skafd."""


class InputKind(StrEnum):
    """What an attempt can have read."""

    ARTIFACT = "artifact"
    MODEL = "model"
    OUTPUT = "output"
    """What another task published."""
    TABLE = "table"


@dataclass(frozen=True, slots=True)
class Artifact:
    """A named value or file that an attempt has kept."""

    id: int
    source: AttemptKey
    name: str
    content: Content
    form: str
    """How the bytes are to be read: `pickle`, `npy`, `arrow`, `pandas`, `bytes` or `file`."""
    type: str
    """What it was in the program, for people."""
    saved_at: datetime


@dataclass(frozen=True, slots=True)
class ModelVersion:
    """One version of a model. Versions are milliseconds since 1970, and grow."""

    id: int
    project: ProjectId
    name: str
    version: str
    content: Content
    tags: tuple[str, ...]
    access: Access
    source: AttemptKey
    deployment: DeploymentNumber | None
    snapshot_hash: str
    """The code that made it; empty for one that was saved by hand."""
    inserted_at: datetime


@dataclass(frozen=True, slots=True)
class Input:
    """Something that an attempt has read."""

    kind: InputKind
    name: str
    version: str
    sha256: str
    made_by: str
    """The task that had made it, as people name it."""
    artifact: int | None = None


@dataclass(frozen=True, slots=True)
class MetricPoint:
    """One value of a metric; `x` None: its place in the series."""

    name: str
    y: float | None
    """None where it is not a number."""
    x: float | str | None
    at: datetime
    x_label: str = ""
    y_label: str = ""


@dataclass(frozen=True, slots=True)
class Progress:
    """How far an attempt says that it is."""

    done: float
    total: float | None
    """Positive, where it is known."""
    text: str
    at: str
    """ISO 8601."""


def progress_of(done: float, total: float | None, text: str, at: str) -> Progress:
    """From what a job says, which may be anything: fit to be shown on a line. Raises ValueError for no number."""
    if not (math.isfinite(done) and math.isfinite(total or 0.0)):
        raise ValueError(f"how far it is, is a number: {done} of {total}")
    line = "".join(character if character.isprintable() else " " for character in text[:_LONGEST_PROGRESS])
    return Progress(done, total if total and total > 0 else None, line, at)


def by_hand(project: ProjectId) -> AttemptKey:
    """Stands where an attempt stands for what somebody made who is none."""
    return AttemptKey(TaskKey(RunKey(project, 0), JobId(""), 0), 0)


def is_sha256(text: str) -> bool:
    """Whether it can be the name of a content."""
    return _SHA256.fullmatch(text) is not None


def is_name(text: str) -> bool:
    """Whether an artifact, a model, a tag or a metric may be called so: printable, and not endless."""
    return 0 < len(text) <= _LONGEST_NAME and text.isprintable() and text == text.strip()
