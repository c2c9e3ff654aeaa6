"""Which queued tasks may start: what they reserve never exceeds the machine.

Tasks go in the order in which they were queued. One that does not fit is passed by later ones that do, until it has
waited `PATIENCE`; from then on nothing passes it, so that the machine empties until it fits and nothing starves.
"""

from __future__ import annotations

import heapq
from collections import OrderedDict
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import count
from typing import NamedTuple

from skafd.model.ids import TaskKey
from skafd.model.limits import Capacity, Limits
from skafd.units import format_memory

PATIENCE = timedelta(seconds=60)


class Needs(NamedTuple):
    """What a task reserves, in whole numbers so that nothing is lost to rounding."""

    millicores: int = 0
    memory_bytes: int = 0
    gpu: int = 0


@dataclass(frozen=True, slots=True)
class _Place:
    serial: int
    since: datetime


class Admission:
    """The queue, in one lane per distinct `Needs`, so that a thousand equal tasks are looked at once."""

    def __init__(self, capacity: Capacity) -> None:
        self._tasks = capacity.tasks
        self._all = Needs(round(capacity.cpu * 1000), capacity.memory_bytes, capacity.gpu)
        self._used = Needs()
        self._held: dict[TaskKey, Needs] = {}
        self._lanes: dict[Needs, OrderedDict[TaskKey, _Place]] = {}
        self._queued: dict[TaskKey, Needs] = {}
        self._serial = count()
        self._is_changed = False

    def needs(self, reserved: Limits) -> Needs:
        """What to reserve; clamped to the machine, so that a job larger than it runs alone."""
        return Needs(
            min(round((reserved.cpu or 0) * 1000), self._all.millicores),
            min(reserved.memory_bytes or 0, self._all.memory_bytes),
            min(reserved.gpu, self._all.gpu),
        )

    def enqueue(self, task: TaskKey, needs: Needs, since: datetime) -> None:
        """Puts a task at the end of the queue."""
        self._lanes.setdefault(needs, OrderedDict())[task] = _Place(next(self._serial), since)
        self._queued[task] = needs
        self._is_changed = True

    def withdraw(self, task: TaskKey) -> None:
        """Takes a queued task out."""
        needs = self._queued.pop(task)
        del self._lanes[needs][task]
        if not self._lanes[needs]:
            del self._lanes[needs]
        self._is_changed = True

    def hold(self, task: TaskKey, needs: Needs) -> None:
        """Reserves for a task that is alive."""
        self._held[task] = needs
        self._used = Needs(*(used + need for used, need in zip(self._used, needs, strict=True)))

    def release(self, task: TaskKey) -> None:
        """Gives back what a task held."""
        needs = self._held.pop(task)
        self._used = Needs(*(used - need for used, need in zip(self._used, needs, strict=True)))
        self._is_changed = True

    def admit(self, now: datetime) -> list[TaskKey]:
        """Takes from the queue what may start now, in order, and reserves for it."""
        admitted: list[TaskKey] = []
        if not self._is_changed:
            return admitted
        heads = [(_head(lane)[1].serial, needs) for needs, lane in self._lanes.items()]
        heapq.heapify(heads)
        while heads and len(self._held) < self._tasks:
            _, needs = heapq.heappop(heads)
            task, place = _head(self._lanes[needs])
            if self._fits(needs):
                self.withdraw(task)
                self.hold(task, needs)
                admitted.append(task)
                if needs in self._lanes:
                    heapq.heappush(heads, (_head(self._lanes[needs])[1].serial, needs))
            elif now - place.since >= PATIENCE:
                break
        self._is_changed = False
        return admitted

    def explain(self, task: TaskKey) -> str:
        """What a queued task waits for."""
        needs = self._queued[task]
        free = Needs(*(max(total - used, 0) for total, used in zip(self._all, self._used, strict=True)))
        if len(self._held) >= self._tasks:
            return f"waits for one of {self._tasks} running tasks to end"
        if needs.memory_bytes > free.memory_bytes:
            return f"waits for {format_memory(needs.memory_bytes)} of memory, {format_memory(free.memory_bytes)} free"
        if needs.millicores > free.millicores:
            return f"waits for {needs.millicores / 1000:g} of cpu, {free.millicores / 1000:g} free"
        if needs.gpu > free.gpu:
            return f"waits for {needs.gpu} of gpu, {free.gpu} free"
        return "waits behind a larger task that was queued before it"

    def _fits(self, needs: Needs) -> bool:
        return all(
            # What a task does not need cannot keep it waiting, even where the machine became smaller.
            not need or used + need <= total
            for used, need, total in zip(self._used, needs, self._all, strict=True)
        )


def _head(lane: OrderedDict[TaskKey, _Place]) -> tuple[TaskKey, _Place]:
    return next(iter(lane.items()))
