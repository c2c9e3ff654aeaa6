"""Makes room for jobs in cgroup v2, where a group with processes of its own cannot hand controllers down."""

from __future__ import annotations

import errno
import os
from collections.abc import Sequence

from skafd.sandbox import processes
from skafd.sandbox.cgroup import pseudofiles

_DAEMON_LEAF = "skafd-daemon"


def prepare(base: str, path: str, wanted: Sequence[str]) -> tuple[str, list[str]]:
    """Makes the folder `path` below `base`; returns it with the controllers that it hands down.

    Where `base` has to be free of processes, moves this one and its descendants to a leaf beside `path`. Raises OSError
    when the kernel does not allow it, or when there are other processes in `base`.
    """
    if os.path.basename(base) == _DAEMON_LEAF:
        base = os.path.dirname(base)
    controllers = [name for name in wanted if name in pseudofiles.read(base, "cgroup.controllers").split()]
    if not controllers:
        raise OSError(f"no controller of {', '.join(wanted)} is handed down to {base}")
    _enable_after_moving(base, controllers)
    folder = base
    for part in path.split("/"):
        folder = f"{folder}/{part}"
        os.makedirs(folder, exist_ok=True)
        _enable(folder, controllers)
    return folder, controllers


def _enable_after_moving(folder: str, controllers: Sequence[str]) -> None:
    try:
        _enable(folder, controllers)
    except OSError as error:
        if error.errno != errno.EBUSY:
            raise
        _move_to_leaf(folder)
        _enable(folder, controllers)


def _enable(folder: str, controllers: Sequence[str]) -> None:
    enabled = pseudofiles.read(folder, "cgroup.subtree_control").split()
    missing = [f"+{name}" for name in controllers if name not in enabled]
    if missing:
        pseudofiles.write(folder, "cgroup.subtree_control", " ".join(missing))


def _move_to_leaf(folder: str) -> None:
    inside = {int(line) for line in pseudofiles.read(folder, "cgroup.procs").split()}
    strangers = inside - {os.getpid(), *processes.descendants(os.getpid())}
    if strangers:
        raise OSError(f"{folder} holds {len(strangers)} processes that are not skafd's: it is not delegated to skafd")
    leaf = f"{folder}/{_DAEMON_LEAF}"
    os.makedirs(leaf, exist_ok=True)
    for pid in sorted(inside):
        pseudofiles.write(leaf, "cgroup.procs", str(pid))
