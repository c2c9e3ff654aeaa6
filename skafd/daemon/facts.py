"""What launching needs to know of each project, kept in memory since it is asked for at every start of a task."""

from __future__ import annotations

import threading

from skafd.daemon.launching import ProjectFacts
from skafd.model.ids import ProjectId
from skafd.store import Database


class Facts:
    """Read from the database once, and again after `drop`."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._known: dict[ProjectId, ProjectFacts] = {}
        self._lock = threading.Lock()

    def of(self, project: ProjectId) -> ProjectFacts:
        """The facts of a project. Raises NotFound."""
        with self._lock:
            if project not in self._known:
                self._known[project] = self._read(project)
            return self._known[project]

    def put(self, project: ProjectId, facts: ProjectFacts) -> None:
        """Says what is about to be committed, so that it can be launched in the same turn."""
        with self._lock:
            self._known[project] = facts

    def drop_all(self) -> None:
        """What was put may not have been committed."""
        with self._lock:
            self._known.clear()

    def drop(self, project: ProjectId) -> None:
        """Its name, folder or variables have changed."""
        with self._lock:
            self._known.pop(project, None)

    def _read(self, project: ProjectId) -> ProjectFacts:
        with self._database.reader() as reader:
            row = reader.project(project)
            variables = reader.variables(project)
        return ProjectFacts(slug=row.slug, path=row.path, variables=variables)
