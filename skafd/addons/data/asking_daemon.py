"""What the data engine asks the daemon, which may not be there."""

from __future__ import annotations

import http.client
import json
from pathlib import Path
from typing import Any
from urllib.parse import quote

from skafd.addons.data.client import UnixConnection
from skafd.errors import DaemonUnreachable, NotFound, SkafdError

_NAMES_WITHIN_SECONDS = 30.0
_STARTS_WITHIN_SECONDS = 120.0
_MISSING, _FAULT, _UNAVAILABLE = 404, 400, 503


def find_project(socket: Path, text: str) -> dict[str, Any]:
    """`id` and `project` of the project that a text means. Raises NotFound, DaemonUnreachable."""
    return _ask(socket, "GET", f"/v1/find?project={quote(text, safe='')}", _NAMES_WITHIN_SECONDS)


def start_service(socket: Path, name: str) -> None:
    """Returns when it answers. Raises DaemonUnreachable where it may help to ask again, else SkafdError."""
    _ask(socket, "POST", f"/v1/services/{quote(name, safe='')}/start", _STARTS_WITHIN_SECONDS)


def _ask(socket: Path, method: str, target: str, within_seconds: float) -> dict[str, Any]:
    connection = UnixConnection(socket, within_seconds)
    try:
        connection.request(method, target)
        answer = connection.getresponse()
        said = dict(json.loads(answer.read()))
    except (OSError, http.client.HTTPException, ValueError) as error:
        raise DaemonUnreachable(f"the daemon does not answer {target}: {error}") from error
    finally:
        connection.close()
    if answer.status < _FAULT:
        return said
    kind = {_MISSING: NotFound, _UNAVAILABLE: DaemonUnreachable}.get(answer.status, SkafdError)
    raise kind(said["error"]["message"], said["error"]["hint"])
