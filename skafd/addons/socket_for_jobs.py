"""The unix socket on which a service of skafd's answers jobs. Standard library only."""

from __future__ import annotations

import os
import socket
from pathlib import Path

_BACKLOG = 512


def listen_for_jobs(path: Path) -> socket.socket:
    """Listens at `path`, in the place of what an earlier process left there. Raises OSError."""
    # Jobs may be other users than root: there the token alone decides.
    return listen_at(path, 0o666 if os.geteuid() == 0 else 0o600)


def listen_at(path: Path, mode: int) -> socket.socket:
    """The same for those whom the mode of the socket lets in. Raises OSError."""
    listener = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    path.unlink(missing_ok=True)
    before = os.umask(0o177)
    try:
        listener.bind(str(path))
    finally:
        os.umask(before)
    path.chmod(mode)
    listener.listen(_BACKLOG)
    return listener
