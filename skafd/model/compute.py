"""Where a job's processes are, when they are not on this machine."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from skafd.model.limits import Limits, Resources


class ComputeKind(StrEnum):
    """Where jobs run."""

    LOCAL = "local"
    RAY = "ray"


@dataclass(frozen=True, slots=True)
class RayCompute:
    """A Ray cluster, by the address of its dashboard, and what the job asks of it."""

    address: str | None = None
    """`http://HOST:8265`; None: what `RAY_API_SERVER_ADDRESS` says."""
    asked: Limits = Limits()
    """What the cluster sets aside."""


_MEGABYTE = 2**20
ATTENDANT = Resources(
    requests=Limits(cpu=0.05, memory_bytes=32 * _MEGABYTE), limits=Limits(memory_bytes=256 * _MEGABYTE)
)
"""What a job on a cluster takes of this machine: the process that stands for it."""
