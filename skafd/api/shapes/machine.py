"""The daemon, and the services that it keeps."""

from __future__ import annotations

from dataclasses import dataclass, field

from skafd.api.shapes.projects import ProjectStatus


@dataclass(frozen=True, slots=True)
class DaemonInfo:
    pid: int
    version: str
    started_at: str
    home: str
    enforcement: str
    """`cgroup v2`, `cgroup v1` or `none`: by what limits are enforced."""


@dataclass(frozen=True, slots=True)
class ServiceInfo:
    """A long-lived process that skafd keeps running."""

    name: str
    state: str
    """`stopped`, `starting`, `running`, `stopping`, or `waiting` to be started again."""
    since: str
    restarts: int
    """How often it was started again because it had ended by itself."""
    start_at: str | None
    """When it is `waiting`: until when."""
    reason: str
    """Why it ended the last time."""
    pid: int | None
    memory_bytes: int | None
    log: str
    """The file with its output."""
    url: str | None = None
    """Where a browser on this machine shows it."""


@dataclass(frozen=True, slots=True)
class Status:
    daemon: DaemonInfo
    projects: list[ProjectStatus]
    """All, or those that changed after the number that was asked with."""
    services: list[ServiceInfo] = field(default_factory=list)
    """All but those that are stopped."""
    number: int = 0
    """Of the last change that this is sure to show: ask again with it, for what changed after."""
    names: list[str] = field(default_factory=list)
    """The short names of all projects, in order, also of those that did not change."""
    trouble: str = ""
    """Why nothing new is started at all, for example for want of room on the disk; empty when all is well."""
