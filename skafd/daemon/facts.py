"""What launching needs to know of each project, kept in memory since it is asked for at every start of a task."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from skafd.daemon.remembered import Remembered
from skafd.model.environment import Lock
from skafd.model.ids import ProjectId
from skafd.model.owner import Owner
from skafd.store import Database
from skafd.store.views import ProjectRow

_MOST_LOCKS = 64


@dataclass(frozen=True, slots=True)
class ProjectFacts:
    """What launching needs to know of a project besides its deployment."""

    slug: str
    path: Path
    variables: Mapping[str, str]
    owner: Owner | None = None
    """Whose its folder was last."""


class Facts:
    """Read from the database once, and again after `drop`. For the orchestrator's thread alone."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._known: dict[ProjectId, ProjectFacts] = {}
        self._locks: Remembered[str, Lock | None] = Remembered(_MOST_LOCKS)

    def of(self, project: ProjectId) -> ProjectFacts:
        """The facts of a project. Raises NotFound."""
        if project not in self._known:
            with self._database.reader() as reader:
                row, variables = reader.project(project), reader.variables(project)
            self.put(row, variables)
        return self._known[project]

    def put(self, row: ProjectRow, variables: Mapping[str, str]) -> None:
        """Says what a project is about to become, before the commit, so that it can be launched in the same turn."""
        self._known[row.id] = ProjectFacts(row.slug, row.path, variables, row.owner)

    def other_folders(self, project: ProjectId) -> tuple[Path, ...]:
        """The folders of all projects but one."""
        with self._database.reader() as reader:
            return tuple(row.path for row in reader.projects() if row.id != project)

    def lock(self, environment_key: str) -> Lock | None:
        """What is in an environment; None of one that was made before locks were kept."""

        def read() -> Lock | None:
            with self._database.reader() as reader:
                return reader.lock(environment_key)

        return self._locks.get(environment_key, read)

    def drop(self, project: ProjectId) -> None:
        """Its variables have changed."""
        self._known.pop(project, None)

    def drop_all(self) -> None:
        """What was put may not have been committed."""
        self._known.clear()
