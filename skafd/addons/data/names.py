"""Which database belongs to which project: asked of the daemon once, and remembered for when it is not there."""

from __future__ import annotations

import json
import threading

from skafd.addons.data.asking_daemon import find_project
from skafd.addons.data.engine import Project
from skafd.files import write_whole
from skafd.home import Home


class Names:
    """May be used from any thread."""

    def __init__(self, home: Home) -> None:
        self._socket = home.api_socket
        self._file = home.data / "projects.json"
        self._lock = threading.Lock()
        self._slugs: dict[str, str] = json.loads(self._file.read_text()) if self._file.exists() else {}

    def of(self, project_id: str) -> Project:
        """The project of a token. Raises NotFound; DaemonUnreachable where it was never heard of before."""
        slug = self._slugs.get(project_id)
        return self.find(project_id) if slug is None else Project(project_id, slug)

    def find(self, text: str) -> Project:
        """The project that a program means by a token, a short name or a name. Raises as `of`."""
        for project_id, slug in list(self._slugs.items()):
            if text in (project_id, slug):
                return Project(project_id, slug)
        said = find_project(self._socket, text)
        found = Project(said["id"], said["project"])
        with self._lock:
            self._slugs[found.id] = found.slug
            write_whole(self._file, json.dumps(self._slugs).encode())
        return found
