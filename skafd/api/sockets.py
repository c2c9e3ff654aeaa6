"""Unix sockets, with their mode from the first instant."""

from __future__ import annotations

import socket
import tempfile
from pathlib import Path

from skafd import crash

BACKLOG = 128


def listen_privately(path: Path) -> socket.socket:
    """Listens at `path` for this user alone."""
    return listen(path, 0o600)


def listen(path: Path, mode: int) -> socket.socket:
    """Listens at `path`; takes the place of what an earlier daemon left there. Raises OSError."""
    listener = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    with tempfile.TemporaryDirectory(prefix=".", dir=path.parent) as folder:
        # In a folder of mode 0700 until its own mode is right; a short name, since the system allows 107 bytes.
        unfinished = Path(folder, "s")
        listener.bind(str(unfinished))
        unfinished.chmod(mode)
        listener.listen(BACKLOG)
        _appear(unfinished, path)
    return listener


@crash.around("api-socket.rename")
def _appear(unfinished: Path, path: Path) -> None:
    unfinished.rename(path)


def connect(path: Path, timeout_seconds: float | None) -> socket.socket:
    """Opens the socket at `path`. Raises OSError when nobody listens there."""
    connection = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    connection.settimeout(timeout_seconds)
    try:
        connection.connect(str(path))
    except BaseException:
        connection.close()
        raise
    return connection
