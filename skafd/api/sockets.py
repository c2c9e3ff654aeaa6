"""Unix sockets, with their mode from the first instant."""

from __future__ import annotations

import shutil
import socket
from pathlib import Path

from skafd import crash
from skafd.errors import Refused

BACKLOG = 128


def listen_privately(path: Path) -> socket.socket:
    """Listens at `path` for this user alone."""
    return listen(path, 0o600)


def listen(path: Path, mode: int) -> socket.socket:
    """Listens at `path`; takes the place of what an earlier daemon left there. Raises OSError."""
    listener = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    # In a folder of mode 0700 until its own mode is right; a short name, since the system allows 107 bytes. Always the
    # same one, so that whoever is killed in here leaves nothing that the next does not remove.
    folder = path.with_name(f".{path.stem}")
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(mode=0o700)
    unfinished = folder / "s"
    try:
        listener.bind(str(unfinished))
        unfinished.chmod(mode)
        listener.listen(BACKLOG)
        _appear(unfinished, path)
    except BaseException:
        listener.close()
        raise
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    return listener


def listen_locally(port: int) -> socket.socket:
    """Listens on a port that only this machine can reach. Raises Refused where somebody else has it."""
    return listen_on("127.0.0.1", port)


def listen_on(host: str, port: int) -> socket.socket:
    """Listens on a port of an address of this machine. Raises Refused where that cannot be."""
    listener = socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET, socket.SOCK_STREAM)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind((host, port))
        listener.listen(BACKLOG)
    except OSError as error:
        listener.close()
        raise Refused(f"{host}:{port} cannot be listened on: {error.strerror}", "choose another port") from error
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
