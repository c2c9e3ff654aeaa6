"""The status as JSON: what did not change is not written anew, since a screen asks often and most stays the same."""

from __future__ import annotations

from dataclasses import replace

from skafd.api.checking import adapter
from skafd.api.shapes import ProjectStatus, Status

_EMPTY = b'"projects":[]'
"""As it stands in the JSON of a status without projects, once: in texts, quotes are escaped."""


class StatusWriter:
    """Callable from any thread: two that write at once may write twice, and write the same."""

    def __init__(self) -> None:
        self._written: dict[str, tuple[ProjectStatus, bytes]] = {}

    def dump(self, status: Status) -> bytes:
        """The JSON of it; of a project that is the same object as the last time, what was written then."""
        projects = b",".join([self._dump(project) for project in status.projects])
        for gone in self._written.keys() - set(status.names):
            self._written.pop(gone, None)
        frame = adapter(Status).dump_json(replace(status, projects=[]))
        return frame.replace(_EMPTY, b'"projects":[' + projects + b"]", 1)

    def _dump(self, project: ProjectStatus) -> bytes:
        known = self._written.get(project.project)
        if known is None or known[0] is not project:
            known = self._written[project.project] = (project, adapter(ProjectStatus).dump_json(project))
        return known[1]
