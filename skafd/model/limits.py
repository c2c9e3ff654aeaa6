"""How much of the machine a job may use, and how much of it there is."""

from __future__ import annotations

from dataclasses import dataclass, replace


@dataclass(frozen=True, slots=True)
class Limits:
    """An amount of each resource; `None` where nothing was said."""

    cpu: float | None = None
    memory_bytes: int | None = None
    gpu: int = 0
    swap_bytes: int | None = None
    """Beyond the memory; none where nothing is said, if memory is limited."""
    open_files: int | None = None
    """Of each process."""
    disk_bytes: int | None = None
    """In the working folder of an attempt."""

    def times(self, count: int) -> Limits:
        """So many times each amount that processes share."""
        return replace(
            self,
            cpu=None if self.cpu is None else self.cpu * count,
            memory_bytes=None if self.memory_bytes is None else self.memory_bytes * count,
            gpu=self.gpu * count,
        )


@dataclass(frozen=True, slots=True)
class Resources:
    """What a job asks to be set aside (`requests`) and what it may never exceed (`limits`)."""

    requests: Limits = Limits()
    limits: Limits = Limits()
    required: bool = False
    """`limits: required`: refuse to deploy where the limits cannot be enforced."""

    def reserved(self) -> Limits:
        """What admission sets aside: the request where there is one, else the limit."""
        return Limits(
            cpu=self.limits.cpu if self.requests.cpu is None else self.requests.cpu,
            memory_bytes=(
                self.limits.memory_bytes if self.requests.memory_bytes is None else self.requests.memory_bytes
            ),
            gpu=self.requests.gpu or self.limits.gpu,
        )

    def with_limits(self, limits: Limits, times: int = 1) -> Resources:
        """The same where `limits` says nothing; all of it for so many processes."""
        own = replace(
            self.limits,
            cpu=self.limits.cpu if limits.cpu is None else limits.cpu,
            memory_bytes=self.limits.memory_bytes if limits.memory_bytes is None else limits.memory_bytes,
            gpu=limits.gpu or self.limits.gpu,
        )
        requests = Limits() if limits != Limits() else self.requests
        return replace(self, limits=own.times(times), requests=requests.times(times))

    def with_executors(self) -> Resources:
        """The same, with memory set aside a second time: for what computes for the job outside of its process."""
        reserved = self.reserved()
        return replace(self, requests=replace(reserved, memory_bytes=reserved.times(2).memory_bytes))

    def with_cpu(self, cpu: float) -> Resources:
        """The same, with so much cpu set aside where nothing is said of it."""
        if self.reserved().cpu is not None:
            return self
        return replace(self, requests=replace(self.requests, cpu=cpu))


@dataclass(frozen=True, slots=True)
class Capacity:
    """The whole machine, as admission sees it."""

    cpu: float
    memory_bytes: int
    gpu: int = 0
    tasks: int = 256
    """Attempts alive at once, whatever they declare."""
    pools: tuple[tuple[str, int], ...] = ()
    """Names and places of the pools that all projects share."""
