"""Makes room for jobs in cgroup v2, where a group with processes of its own cannot hand controllers down."""

from __future__ import annotations

import os
from collections.abc import Sequence

from skafd.sandbox import processes
from skafd.sandbox.cgroup import pseudofiles
from skafd.sandbox.cgroup.mounts import SecondVersion

_DAEMON_LEAF = "skafd-daemon"


def prepare(mount: SecondVersion, path: str, wanted: Sequence[str]) -> tuple[str, list[str]]:
    """Makes the folder `path` below this process's own one; returns it with the controllers that it hands down.

    Where the own folder has to be free of processes, moves this one and its descendants to a leaf beside `path`.
    Raises OSError when the kernel does not allow it.
    """
    base = os.path.dirname(mount.own) if os.path.basename(mount.own) == _DAEMON_LEAF else mount.own
    controllers = [name for name in wanted if name in pseudofiles.read(base, "cgroup.controllers").split()]
    if not controllers:
        raise OSError(f"no controller of {', '.join(wanted)} is handed down to {base}")
    if base != mount.root and not _hands_down(base, controllers):
        _move_to_leaf(base)
    folder = base
    _enable(folder, controllers)
    for part in path.split("/"):
        folder = f"{folder}/{part}"
        os.makedirs(folder, exist_ok=True)
        _enable(folder, controllers)
    return folder, controllers


def _hands_down(folder: str, controllers: Sequence[str]) -> bool:
    return set(controllers) <= set(pseudofiles.read(folder, "cgroup.subtree_control").split())


def _enable(folder: str, controllers: Sequence[str]) -> None:
    if not _hands_down(folder, controllers):
        pseudofiles.write(folder, "cgroup.subtree_control", " ".join(f"+{name}" for name in controllers))


def _move_to_leaf(folder: str) -> None:
    inside = {int(line) for line in pseudofiles.read(folder, "cgroup.procs").split()}
    ours = {os.getpid(), *processes.descendants(os.getpid())}
    if not inside <= ours:
        strangers = len(inside - ours)
        raise OSError(f"{folder} holds {strangers} processes that are not skafd's: it is not delegated to skafd")
    leaf = f"{folder}/{_DAEMON_LEAF}"
    os.makedirs(leaf, exist_ok=True)
    for pid in sorted(inside):
        pseudofiles.write(leaf, "cgroup.procs", str(pid))
