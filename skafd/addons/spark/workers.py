"""How many workers of which size there are to be: pure functions of what is asked for and what runs."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass

from skafd.model.spark import Share

_NAME = re.compile(r"worker-(\d+)c-(\d+)m-(\d+)")
_MEBIBYTE = 2**20


@dataclass(frozen=True, slots=True, order=True)
class Worker:
    """One worker: has place for one executor of its size, and is used again by whoever asks for the same."""

    cores: int
    memory_mebibytes: int
    number: int
    """Among those of its size, from 1; 0 for the one of the Data Engine's queries."""

    @property
    def name(self) -> str:
        """What its service is called, after the name of the cluster."""
        return f"worker-{self.cores}c-{self.memory_mebibytes}m-{self.number}"

    @property
    def is_for_queries(self) -> bool:
        """No job counts on it, so that no query waits for a job which waits for that query."""
        return self.number == 0

    @property
    def share(self) -> Share:
        """What its executor has."""
        return Share(self.cores, self.memory_mebibytes * _MEBIBYTE)


def worker_named(name: str) -> Worker | None:
    """The worker whose service is called so after the name of its cluster; None for what is no worker."""
    match = _NAME.fullmatch(name)
    return Worker(int(match[1]), int(match[2]), int(match[3])) if match else None


@dataclass(frozen=True, slots=True)
class Ask:
    """What one attempt asks for."""

    share: Share
    project: str
    most: Share
    """For all attempts of its project together."""
    is_for_queries: bool = False
    """The Data Engine asks, and no attempt."""


@dataclass(frozen=True, slots=True)
class Plan:
    """What follows from what is asked for."""

    wanted: frozenset[Worker]
    in_the_way: frozenset[Worker]
    """Nobody needs them, and what is wanted has no room beside them."""
    waiting: int
    """Attempts for which there is no room: they get an executor when another one ends."""


def plan(asks: Sequence[Ask], running: Collection[Worker], room: Share) -> Plan:
    """One worker for each ask, the oldest first, as far as there is room; others that run stay while there is."""
    wanted: list[Worker] = []
    counted: Counter[Share] = Counter()
    of_project: dict[str, Share] = {}
    for ask in asks:
        used = _sum(worker.share for worker in wanted)
        own = of_project.get(ask.project, Share(0, 0)).plus(ask.share)
        if not used.plus(ask.share).fits(room) or not own.fits(ask.most):
            continue
        of_project[ask.project] = own
        size = _whole(ask.share)
        counted[size] += 0 if ask.is_for_queries else 1
        number = 0 if ask.is_for_queries else counted[size]
        wanted.append(Worker(size.cores, size.memory_bytes // _MEBIBYTE, number))
    return Plan(frozenset(wanted), _in_the_way(wanted, running, room), len(asks) - len(wanted))


def _in_the_way(wanted: Sequence[Worker], running: Collection[Worker], room: Share) -> frozenset[Worker]:
    idle = sorted(set(running) - set(wanted))
    leaving = []
    while idle and not _sum(worker.share for worker in (*wanted, *idle)).fits(room):
        leaving.append(idle.pop())
    return frozenset(leaving)


def _whole(share: Share) -> Share:
    return Share(share.cores, share.memory_bytes // _MEBIBYTE * _MEBIBYTE)


def _sum(shares: Iterable[Share]) -> Share:
    total = Share(0, 0)
    for share in shares:
        total = total.plus(share)
    return total
