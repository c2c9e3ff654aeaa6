"""Chooses the implementation that a place asks for."""

from __future__ import annotations

from skafd.sandbox.cgroup.base import Cgroup, CgroupKind, CgroupPlace
from skafd.sandbox.cgroup.none import NoCgroup
from skafd.sandbox.cgroup.v1 import CgroupV1
from skafd.sandbox.cgroup.v2 import CgroupV2
from skafd.sandbox.spec import ResourceLimits

UNCOUNTED_SWAP = "the swap limit cannot be enforced here: the machine has swap, which the kernel does not count"


def open_cgroup(leaf: CgroupPlace) -> Cgroup:
    """The control group of one attempt, whether it exists yet or not."""
    match leaf.kind:
        case CgroupKind.V1:
            return CgroupV1(leaf.folders)
        case CgroupKind.V2:
            return CgroupV2(leaf.folders)
        case CgroupKind.NONE:
            return NoCgroup()


def unenforced(place: CgroupPlace, limits: ResourceLimits) -> tuple[str, ...]:
    """A sentence for each of the wanted limits that this machine cannot keep."""
    uncounted = limits.memory_bytes is not None and place.is_swap_uncounted
    wanted = {"memory": limits.memory_bytes, "cpu": limits.cpu, "pids": limits.pids}
    missing = tuple(
        f"the {name} limit cannot be enforced here: no {name} control group is writable"
        for name, limit in wanted.items()
        if limit is not None and not place.enforces(name)
    )
    return (*missing, UNCOUNTED_SWAP) if uncounted else missing
