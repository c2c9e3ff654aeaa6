"""What attempts leave: logs, usage, notebooks."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class LogSource:
    """Where the log of one attempt is, for the server to stream."""

    task: str
    path: str
    finished: bool


@dataclass(frozen=True, slots=True)
class UsagePoint:
    """Of the time since the point before."""

    seconds: float
    """Since the attempt started."""
    cores: float
    """On average."""
    memory_bytes: int
    """At its most, as it was looked at."""


@dataclass(frozen=True, slots=True)
class TaskUsage:
    """What the newest attempt of a task uses or used."""

    task: str
    attempt: int
    ended: bool
    limit_cores: float | None
    limit_memory_bytes: int | None
    peak_memory_bytes: int | None
    """The kernel's own, once the attempt has ended; the most of the points until then."""
    points: list[UsagePoint]
    """At most 120; none of an attempt that is younger than a second."""


@dataclass(frozen=True, slots=True)
class NotebookPage:
    """An executed notebook: HTML, or the JSON that it is."""

    task: str
    name: str
    """Of the file in the project, without its folder."""
    content: str
