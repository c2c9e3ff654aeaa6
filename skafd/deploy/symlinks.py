"""Symbolic links of a project: in a snapshot each leads to where it led in the live folder."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True)
class Target:
    """What a link says in the snapshot, and what people should know about it."""

    path: str
    warning: str | None = None


def target_of(folder: Path, relative: str) -> Target:
    """A link inside the project stays relative, so that it leads to the snapshot's own copy; one that leaves it becomes
    absolute and is warned of, since what it leads to is no part of the deployment.
    """
    said = str((folder / relative).readlink())
    place = os.path.dirname(relative)  # noqa: PTH120 (pathlib would keep no "")
    led_to = os.path.normpath(folder / place / said)
    for root in (str(folder), os.path.realpath(folder)):
        if led_to == root or led_to.startswith(f"{root}/"):
            is_absolute = said.startswith("/")
            return Target(os.path.relpath(os.path.relpath(led_to, root), place or ".") if is_absolute else said)
    return Target(led_to, f"{relative} is a link to {led_to}, outside the project: what is there is not deployed")
