"""Events from outside, and what followed from them."""

from __future__ import annotations

from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class EventRunInfo:
    run: str
    state: str


@dataclass(frozen=True, slots=True)
class UnheededInfo:
    """A job that waited for an event and got no run for it."""

    project: str
    job: str
    cause: str


@dataclass(frozen=True, slots=True)
class KeptEventInfo:
    """A job that keeps an event until one of each of a set has come."""

    project: str
    job: str
    together: str
    """The set: `event a, project other`."""


@dataclass(frozen=True, slots=True)
class EventInfo:
    """An event from outside, and what followed from it."""

    number: int
    at: str
    kind: str
    """`file`, `project`, `webhook` or `event`."""
    name: str
    project: str | None
    """Whose file or webhook it was; null where every project may wait for it."""
    detail: str
    facts: dict[str, str]
    """What its runs are told in `SKAFD_EVENT_<NAME>`."""
    parameters: dict[str, str]
    key: str | None
    """With the same key it is the same event, however often it is sent."""
    runs: list[EventRunInfo]
    unheeded: list[UnheededInfo]
    kept: list[KeptEventInfo] = field(default_factory=list)
    """The jobs that keep it until others have come."""
