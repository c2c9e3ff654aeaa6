"""What a project asks of Spark, and what its jobs get of the cluster."""

from __future__ import annotations

from dataclasses import dataclass, field

from skafd.model.limits import Capacity, Limits

SHARE_OF_MACHINE = 0.75
LEAST_MEMORY_BYTES = 2**30
"""Below it no executor of Spark's starts, with Python processes beside it."""
_LEAST_CORES = 2
"""So that two jobs can run at the same time wherever Spark runs at all."""
_PARTS = 4
"""What a job gets that does not say how much it needs is one part of so many."""


@dataclass(frozen=True, slots=True)
class SparkWish:
    """The add-on `spark-cluster` as the config has it."""

    master: str | None = None
    """Of a cluster that is there: its master URL. None: the one that skafd keeps on this machine."""
    conf: tuple[tuple[str, str], ...] = field(default=(), repr=False)
    """Further properties, as in spark-defaults.conf; may hold passwords."""
    max_cpu: float | None = None
    """So many cores of the cluster for the whole project, at most."""
    max_memory_bytes: int | None = None

    @property
    def is_local(self) -> bool:
        """The cluster is skafd's own."""
        return self.master is None


@dataclass(frozen=True, slots=True, order=True)
class Share:
    """Cores and memory: of the executor of one attempt, or of all of them together."""

    cores: int
    memory_bytes: int

    def plus(self, other: Share) -> Share:
        """Both."""
        return Share(self.cores + other.cores, self.memory_bytes + other.memory_bytes)

    def fits(self, room: Share) -> bool:
        """Whether `room` has place for it."""
        return self.cores <= room.cores and self.memory_bytes <= room.memory_bytes


def cluster_room(capacity: Capacity) -> Share:
    """How large the workers of this machine become together."""
    cores = max(_LEAST_CORES, int(capacity.cpu * SHARE_OF_MACHINE))
    return Share(cores, max(_LEAST_CORES * LEAST_MEMORY_BYTES, int(capacity.memory_bytes * SHARE_OF_MACHINE)))


def project_room(wish: SparkWish, room: Share) -> Share:
    """What the attempts of one project get together."""
    cores = room.cores if wish.max_cpu is None else max(1, min(room.cores, int(wish.max_cpu)))
    memory = room.memory_bytes if wish.max_memory_bytes is None else min(room.memory_bytes, wish.max_memory_bytes)
    return Share(cores, max(LEAST_MEMORY_BYTES, memory))


def share_of_queries(capacity: Capacity) -> Share:
    """What the Data Engine's queries get: as much as a job that does not say how much it needs."""
    return share_of(Limits(), SparkWish(), cluster_room(capacity))


def share_of(limits: Limits, wish: SparkWish, room: Share) -> Share:
    """What one attempt gets: as much as its limits, else a quarter of the cluster; never more than half of it."""
    most = project_room(wish, Share(max(1, room.cores // 2), room.memory_bytes // 2))
    cores = max(1, room.cores // _PARTS) if limits.cpu is None else max(1, int(limits.cpu))
    memory = room.memory_bytes // _PARTS if limits.memory_bytes is None else limits.memory_bytes
    return Share(min(cores, most.cores), max(LEAST_MEMORY_BYTES, min(memory, most.memory_bytes)))
