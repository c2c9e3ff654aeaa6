"""How much all jobs together weigh beside the rest of the machine, when there is more to do than there are cpus."""

from __future__ import annotations

import contextlib
import os
from dataclasses import dataclass

from skafd.sandbox.cgroup import pseudofiles
from skafd.sandbox.cgroup.base import CgroupKind, CgroupPlace


@dataclass(frozen=True, slots=True)
class _Scale:
    file: str
    one_process: int
    """What every process outside of control groups weighs, and every new group."""
    most: int


_SCALES = {CgroupKind.V1: _Scale("cpu.shares", 1024, 2**18), CgroupKind.V2: _Scale("cpu.weight", 100, 10_000)}


def weigh(place: CgroupPlace, cpus: int | None = None) -> None:
    """Lets the jobs of all daemons together weigh as much as one process for each cpu; what somebody set stays."""
    folder = place.folders.get("cpu")
    if folder is None:
        return
    scale, parent = _SCALES[place.kind], os.path.dirname(folder)
    wanted = min(scale.one_process * (cpus or len(os.sched_getaffinity(0))), scale.most)
    # Another daemon that ends may take the folder away; whoever comes next makes and weighs it anew.
    with contextlib.suppress(OSError, ValueError):
        if int(pseudofiles.read(parent, scale.file)) == scale.one_process:
            pseudofiles.write(parent, scale.file, str(wanted))
