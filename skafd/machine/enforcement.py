"""Which limits hold on this machine, and why not more."""

from __future__ import annotations

import os
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

from skafd.sandbox.cgroup.base import CgroupKind, CgroupPlace
from skafd.sandbox.cgroup.detect import CONTROLLERS, clear, detect


class Strength(StrEnum):
    """Who keeps the limits."""

    V2 = "cgroup v2"
    V1 = "cgroup v1"
    NONE = "none"
    """Nobody but skafd itself, which looks now and then."""


@dataclass(frozen=True, slots=True)
class Enforcement:
    """What the kernel keeps of the limits that jobs declare."""

    strength: Strength
    controllers: tuple[str, ...] = ()
    """Of `memory`, `cpu` and `pids` those that are kept."""
    reasons: tuple[str, ...] = ()
    """Why there is not more."""
    is_swap_uncounted: bool = False
    """Jobs may take swap beyond their memory: the machine has some, and the kernel does not count it."""

    @property
    def is_enforced(self) -> bool:
        """Whether the kernel keeps both memory and cpu limits."""
        return {"memory", "cpu"} <= set(self.controllers)

    @property
    def name_for_people(self) -> str:
        """`cgroup v2`, `cgroup v1` or `none`."""
        return str(self.strength)


_STRENGTHS = {CgroupKind.V2: Strength.V2, CgroupKind.V1: Strength.V1, CgroupKind.NONE: Strength.NONE}


def enforcement_of(place: CgroupPlace) -> Enforcement:
    """What holds for jobs whose cgroups are made in that place."""
    controllers = tuple(name for name in CONTROLLERS if place.enforces(name))
    return Enforcement(_STRENGTHS[place.kind], controllers, place.problems, place.is_swap_uncounted)


def read_enforcement() -> Enforcement:
    """Tries it out, in cgroups of its own that are removed again. A daemon has a place already: `enforcement_of`."""
    # Never the daemon's own place: removing that, while it is empty, would pull it from under a running daemon.
    place = detect(Path(f"/nonexistent/skafd-probe-{os.getpid()}"))
    try:
        return enforcement_of(place)
    finally:
        clear(place)
