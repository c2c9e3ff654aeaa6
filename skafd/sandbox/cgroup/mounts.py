"""Where the control groups are mounted, and where in them this process is."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path


@dataclass(frozen=True, slots=True)
class Mounts:
    """The folders in which control groups may be made."""

    first: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    """Controller -> the folder of this process, then the root of the hierarchy: the limits that hold for the
    daemon are to hold for its jobs too, where that is possible."""
    second: tuple[str, ...] = ()
    """The same for the one hierarchy of the second version; empty when it is not mounted."""
    has_swap: bool = False
    """The machine has somewhere to put what does not fit its memory."""


def read_mounts(proc: str = "/proc") -> Mounts:
    """Reads /proc/mounts, /proc/self/cgroup and /proc/swaps."""
    own = _own_paths(Path(f"{proc}/self/cgroup").read_text())
    first: dict[str, tuple[str, ...]] = {}
    second: tuple[str, ...] = ()
    for line in Path(f"{proc}/mounts").read_text().splitlines():
        _, root, kind, options, *_ = line.split(" ")
        if kind == "cgroup2":
            second = _candidates(root, own.get("", "/"))
        elif kind == "cgroup":
            for controller in set(options.split(",")) & own.keys():
                first.setdefault(controller, _candidates(root, own[controller]))
    return Mounts(first, second, _has_swap(f"{proc}/swaps"))


def _has_swap(path: str) -> bool:
    """A line of headings, then one for each place; without the file the kernel cannot swap at all."""
    try:
        return len(Path(path).read_text().splitlines()) > 1
    except OSError:
        return False


def _own_paths(content: str) -> dict[str, str]:
    """Controller -> path in its hierarchy; the second version is under the empty name."""
    paths = {}
    for line in content.splitlines():
        _, controllers, path = line.split(":", 2)
        for controller in controllers.split(","):
            paths[controller] = path
    return paths


def _candidates(root: str, path: str) -> tuple[str, ...]:
    # In a container the path may be that of the host, while the mount shows the container's part only.
    own = f"{root}{path}".rstrip("/")
    return (own, root) if own != root and os.path.isdir(own) else (root,)
