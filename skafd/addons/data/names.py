"""Which database belongs to which project: asked of the daemon once, and remembered for when it is not there."""

from __future__ import annotations

import http.client
import json
import threading
from pathlib import Path
from urllib.parse import quote

from skafd.addons.data.client import UnixConnection
from skafd.addons.data.engine import Project
from skafd.errors import DaemonUnreachable, NotFound
from skafd.files import write_whole
from skafd.home import Home

_ANSWERS_WITHIN_SECONDS = 30.0
_MISSING = 404


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
        found = _ask(self._socket, text)
        with self._lock:
            self._slugs[found.id] = found.slug
            write_whole(self._file, json.dumps(self._slugs).encode())
        return found


def _ask(path: Path, text: str) -> Project:
    connection = UnixConnection(path, _ANSWERS_WITHIN_SECONDS)
    try:
        connection.request("GET", f"/v1/find?project={quote(text, safe='')}")
        answer = connection.getresponse()
        said = json.loads(answer.read())
    except (OSError, http.client.HTTPException, ValueError) as error:
        raise DaemonUnreachable(f"the daemon does not say what {text} is: {error}") from error
    finally:
        connection.close()
    if answer.status == _MISSING:
        raise NotFound(said["error"]["message"], said["error"]["hint"])
    return Project(said["id"], said["project"])
