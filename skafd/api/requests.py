"""What the api is asked, by request: bodies as small frozen types that refuse unknown fields."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, ClassVar

_STRICT: dict[str, Any] = {"extra": "forbid"}


@dataclass(frozen=True, slots=True)
class UpRequest:
    """Folders to take on; none: all that are known already.

    `resolve_as_of`: from now on their packages are those of that day, whatever their configs say; `config`: what those
    say counts again.
    """

    __pydantic_config__: ClassVar[dict[str, Any]] = _STRICT
    folders: list[str] = field(default_factory=list)
    wait: bool = True
    resolve_as_of: str | None = None


@dataclass(frozen=True, slots=True)
class StartRunRequest:
    """A job by name or id, with what depends on it unless `only`; none: the whole graph."""

    __pydantic_config__: ClassVar[dict[str, Any]] = _STRICT
    job: str | None = None
    only: bool = False
    parameters: dict[str, str] = field(default_factory=dict)
    user: str | None = None
    """Who asks; none: the daemon's own user."""


@dataclass(frozen=True, slots=True)
class RunTagsRequest:
    """Tags to give to a run, and to take from it."""

    __pydantic_config__: ClassVar[dict[str, Any]] = _STRICT
    add: list[str] = field(default_factory=list)
    remove: list[str] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class AgainRequest:
    """An ended run to resume, or a task of it to run again; `latest`: on the live deployment.

    Of a flow: `step` and all that follows run again, `even_succeeded` where there is nothing to run.
    """

    __pydantic_config__: ClassVar[dict[str, Any]] = _STRICT
    target: str
    latest: bool = False
    step: str | None = None
    even_succeeded: bool = False
    parameters: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class SkipRequest:
    """A task that has not begun."""

    __pydantic_config__: ClassVar[dict[str, Any]] = _STRICT
    target: str


@dataclass(frozen=True, slots=True)
class KillRequest:
    """A run, a task, a job or a project."""

    __pydantic_config__: ClassVar[dict[str, Any]] = _STRICT
    target: str


@dataclass(frozen=True, slots=True)
class RollbackRequest:
    """The deployment to make live again; none: the one before."""

    __pydantic_config__: ClassVar[dict[str, Any]] = _STRICT
    number: int | None = None


@dataclass(frozen=True, slots=True)
class VariableRequest:
    """A secret or a setting, in the clear."""

    __pydantic_config__: ClassVar[dict[str, Any]] = _STRICT
    value: str


@dataclass(frozen=True, slots=True)
class JobTokenRequest:
    """A project by any of its names."""

    __pydantic_config__: ClassVar[dict[str, Any]] = _STRICT
    project: str


@dataclass(frozen=True, slots=True)
class StopRequest:
    """Whether what runs is to be ended too."""

    __pydantic_config__: ClassVar[dict[str, Any]] = _STRICT
    jobs: bool = False


@dataclass(frozen=True, slots=True)
class PauseRequest:
    """A job by name or id; none: the whole project."""

    __pydantic_config__: ClassVar[dict[str, Any]] = _STRICT
    job: str | None = None


@dataclass(frozen=True, slots=True)
class BackfillRequest:
    """A job by name or id, and the first and last local day or time; `dry_run`: only say what would be done."""

    __pydantic_config__: ClassVar[dict[str, Any]] = _STRICT
    job: str
    first: str
    last: str
    parallel: int = 1
    only: bool = False
    dry_run: bool = False


@dataclass(frozen=True, slots=True)
class DataTokenRequest:
    """A token for the Data Endpoint."""

    name: str = ""


@dataclass(frozen=True, slots=True)
class PublishRequest:
    """An event by name; with the same `key` it is the same event, however often it is sent."""

    __pydantic_config__: ClassVar[dict[str, Any]] = _STRICT
    name: str
    parameters: dict[str, str] = field(default_factory=dict)
    key: str | None = None


@dataclass(frozen=True, slots=True)
class ChangeNumber:
    """Grows with every change that a screen could show."""

    number: int
