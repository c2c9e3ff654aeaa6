"""What the screen knows of the machine: the last answers of the daemon put together. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

Json = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Mirror:
    """All projects as they were at change `number`; -1 before the first answer."""

    number: int = -1
    daemon: Json | None = None
    projects: Mapping[str, Json] = field(default_factory=dict)
    """By short name, in order."""
    services: tuple[Json, ...] = ()
    trouble: str = ""
    """Why nothing new is started at all; empty when all is well."""

    def merged(self, answer: Json) -> Mirror:
        """With an answer that holds what changed since `number`; what did not is the same object as before."""
        changed = {project["project"]: project for project in answer["projects"]}
        projects = {
            name: changed.get(name) or self.projects[name] for name in answer["names"] if self._has(name, changed)
        }
        return Mirror(answer["number"], answer["daemon"], projects, tuple(answer["services"]), answer["trouble"])

    def project(self, name: str) -> Json | None:
        """A project by its short name, if it is still there."""
        return self.projects.get(name)

    @property
    def is_busy(self) -> bool:
        """Something runs or is being built, so that durations grow."""
        return any(project["open_runs"] or project["activity"] for project in self.projects.values())

    def _has(self, name: str, changed: Mapping[str, Json]) -> bool:
        return name in changed or name in self.projects
