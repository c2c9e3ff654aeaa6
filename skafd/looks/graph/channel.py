"""The room between two columns of a graph: which upright line each way takes, so that no two ways seem one. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Way:
    """From a row on the left to rows on the right."""

    start: int
    ends: Sequence[int]

    @property
    def is_straight(self) -> bool:
        """It needs no upright line."""
        return list(self.ends) == [self.start]


@dataclass(frozen=True, slots=True)
class Channel:
    """The upright line (0: the leftmost) of each way by its start; the rest goes straight on."""

    upright_of: Mapping[int, int]
    is_shifted: bool
    """The rows on the right have to stand a line lower, or ways would run into each other."""

    @property
    def uprights(self) -> int:
        """How many there are."""
        return max(self.upright_of.values(), default=-1) + 1


def route(ways: Sequence[Way]) -> Channel:
    """Where a way begins in the row in which another one ends, it has to turn off before that comes in."""
    bent = [way for way in ways if not way.is_straight]
    ending: dict[int, set[int]] = {}
    for way in bent:
        for end in way.ends:
            ending.setdefault(end, set()).add(way.start)
    later = {way.start: set() if way.start in way.ends else ending.get(way.start, set()) for way in bent}
    ordered = _ordered(later)
    if ordered is None:
        return Channel({start: number for number, start in enumerate(sorted(way.start for way in ways))}, True)
    return Channel({start: number for number, start in enumerate(ordered)}, False)


def _ordered(later: Mapping[int, set[int]]) -> list[int] | None:
    """Each before those that have to be later; None where they go round in a circle."""
    before = dict.fromkeys(later, 0)
    for others in later.values():
        for other in others:
            before[other] += 1
    ready = sorted(start for start, number in before.items() if number == 0)
    for start in ready:
        for other in sorted(later[start]):
            before[other] -= 1
            if before[other] == 0:
                ready.append(other)
    return ready if len(ready) == len(later) else None
