"""What jobs send, by request: bodies as small frozen types that refuse unknown fields."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, ClassVar

_STRICT: dict[str, Any] = {"extra": "forbid"}


@dataclass(frozen=True, slots=True)
class PointRequest:
    """One value of a metric; `y` null: not a number; `x` null: none was given."""

    __pydantic_config__: ClassVar[dict[str, Any]] = _STRICT
    name: str
    y: float | None
    at_microseconds: int
    x: float | str | None = None
    x_label: str = ""
    y_label: str = ""


@dataclass(frozen=True, slots=True)
class PointsRequest:
    """Values in the order in which they were reported."""

    __pydantic_config__: ClassVar[dict[str, Any]] = _STRICT
    points: list[PointRequest]


@dataclass(frozen=True, slots=True)
class ProgressRequest:
    """How far the attempt is."""

    __pydantic_config__: ClassVar[dict[str, Any]] = _STRICT
    done: float
    total: float | None = None
    text: str = ""


@dataclass(frozen=True, slots=True)
class TablesRequest:
    """Tables that the attempt reads or writes: the id of the project that each belongs to, and its name there."""

    __pydantic_config__: ClassVar[dict[str, Any]] = _STRICT
    read: list[tuple[str, str]] = field(default_factory=list)
    written: list[tuple[str, str]] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class KeepRequest:
    """A name for a content that was sent before."""

    __pydantic_config__: ClassVar[dict[str, Any]] = _STRICT
    name: str
    sha256: str
    size_bytes: int
    form: str
    type: str


@dataclass(frozen=True, slots=True)
class FindRequest:
    """The artifact of that name: of a run, a job, an instance where they are given."""

    __pydantic_config__: ClassVar[dict[str, Any]] = _STRICT
    name: str
    run: str | int | None = None
    job: str | None = None
    instance: int | None = None
    all: bool = False
    """Those of all instances."""


@dataclass(frozen=True, slots=True)
class SaveModelRequest:
    """A new version of a model, of a content that was sent before."""

    __pydantic_config__: ClassVar[dict[str, Any]] = _STRICT
    name: str
    sha256: str
    size_bytes: int
    tags: list[str] = field(default_factory=list)
    access: str = "private"


@dataclass(frozen=True, slots=True)
class FindModelRequest:
    """The newest version of that name, with the tag, or that version; of another project if it is public."""

    __pydantic_config__: ClassVar[dict[str, Any]] = _STRICT
    name: str
    tag: str | None = None
    version: str | None = None
    project: str | None = None
