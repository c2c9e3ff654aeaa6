"""A long queue that finds the first task that fits without looking at those that do not.

The queue is a binary tree over its places: each node knows the least that any task below it needs of each resource, so
that whole branches are passed by at once. Places are only added at the end; when they run out, the gaps are closed.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime
from typing import NamedTuple

from skafd.model.ids import TaskKey
from skafd.model.records import record

_FIRST_SIZE = 8
_MOST_LOOKED_AT = 2048
"""Nodes per search. A queue of tasks that differ in every resource could make a search long without end; whoever is
not found for it is found when it comes nearer to the front."""


class Amounts(NamedTuple):
    """Of each resource, in whole numbers so that nothing is lost to rounding."""

    millicores: int = 0
    memory_bytes: int = 0
    gpu: int = 0


_ENDLESS = 1 << 62
_NOBODY = Amounts(_ENDLESS, _ENDLESS, _ENDLESS)


@record(frozen=True, slots=True)
class Place:
    """One task in the queue; the lower `order`, the sooner it goes."""

    task: TaskKey
    needs: Amounts
    order: tuple[float, int]
    since: datetime


class Queue:
    """Tasks in the order in which they were added."""

    def __init__(self) -> None:
        self._size = _FIRST_SIZE
        self._tree: list[Amounts] = [_NOBODY] * (2 * self._size)
        self._places: list[Place | None] = []
        self._index: dict[TaskKey, int] = {}
        self._head = 0
        """No place before this one is taken."""

    def __len__(self) -> int:
        return len(self._index)

    def append(self, place: Place) -> None:
        """Adds a task at the end."""
        if len(self._places) == self._size:
            self._rebuild()
        self._index[place.task] = len(self._places)
        self._places.append(place)
        self._set(self._index[place.task], place.needs)

    def remove(self, task: TaskKey) -> None:
        """Takes a task out, wherever it stands."""
        index = self._index.pop(task)
        self._places[index] = None
        self._set(index, _NOBODY)

    def move(self, moved: Callable[[datetime], datetime]) -> None:
        """Lets every task have come at another instant; the order among them stays."""
        self._places = [place and _moved(place, moved(place.since)) for place in self._places]

    def get(self, task: TaskKey) -> Place:
        """Where a task stands. Raises KeyError."""
        place = self._places[self._index[task]]
        assert place is not None, "the index knows no gaps"
        return place

    def head(self) -> Place | None:
        """The task that stands before all others."""
        places = self._places
        while self._head < len(places):
            place = places[self._head]
            if place is not None:
                return place
            self._head += 1
        return None

    def first(self, free: Amounts) -> Place | None:
        """The first task that needs no more than this."""
        waiting = [1]
        for _ in range(_MOST_LOOKED_AT):
            if not waiting:
                return None
            node = waiting.pop()
            millicores, memory_bytes, gpu = self._tree[node]
            if millicores > free[0] or memory_bytes > free[1] or gpu > free[2]:
                continue
            if node >= self._size:
                return self._places[node - self._size]
            waiting += (2 * node + 1, 2 * node)
        return None

    def _set(self, index: int, needs: Amounts) -> None:
        node, tree = index + self._size, self._tree
        tree[node] = needs
        while node > 1:
            node //= 2
            least = _least(tree[2 * node], tree[2 * node + 1])
            if least == tree[node]:
                return
            tree[node] = least

    def _rebuild(self) -> None:
        """Closes the gaps, and doubles the room where more than half is taken."""
        left: list[Place | None] = [place for place in self._places if place is not None]
        while len(left) * 2 > self._size:
            self._size *= 2
        self._places = left
        self._index = {place.task: index for index, place in enumerate(left) if place is not None}
        leaves = [place.needs for place in left if place is not None]
        tree = [_NOBODY] * self._size + leaves + [_NOBODY] * (self._size - len(leaves))
        for node in range(self._size - 1, 0, -1):
            tree[node] = _least(tree[2 * node], tree[2 * node + 1])
        self._tree = tree
        self._head = 0


def _moved(place: Place, since: datetime) -> Place:
    by_seconds = (since - place.since).total_seconds()
    return replace(place, order=(place.order[0] + by_seconds, place.order[1]), since=since)


def _least(one: Amounts, other: Amounts) -> Amounts:
    """Of each the less; mostly it is one of the two."""
    if one[0] <= other[0] and one[1] <= other[1] and one[2] <= other[2]:
        return one
    if other[0] <= one[0] and other[1] <= one[1] and other[2] <= one[2]:
        return other
    return Amounts(min(one[0], other[0]), min(one[1], other[1]), min(one[2], other[2]))
