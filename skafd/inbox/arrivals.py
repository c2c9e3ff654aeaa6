"""Which files have arrived: pure, what is there and the time are passed in."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass

LONGEST_SECONDS = 60.0
"""So long a complete file of a batch waits for others."""


@dataclass(frozen=True, slots=True)
class _Waiting:
    identity: str
    since: float


class Arrivals:
    """The files of one pattern. One has arrived when it is new or changed, and has been as it is for long enough."""

    def __init__(self, stable_seconds: float, told: Mapping[str, str], is_batch: bool = False) -> None:
        """`told` are the files whose arrival was told before, by path, with their identity then.

        In a batch, those that are complete wait for those that are not, but not for ever.
        """
        self._stable_seconds = stable_seconds
        self._is_batch = is_batch
        self._told = dict(told)
        self._waiting: dict[str, _Waiting] = {}

    def look(self, found: Mapping[str, str], now: float) -> dict[str, str]:
        """Those that have arrived and were not told yet; they are named again until `tell`."""
        for path in [path for path in self._waiting if path not in found]:
            del self._waiting[path]
        arrived = {}
        for path, identity in found.items():
            if self._told.get(path) == identity:
                self._waiting.pop(path, None)
                continue
            waiting = self._waiting.get(path)
            if waiting is None or waiting.identity != identity:
                waiting = self._waiting[path] = _Waiting(identity, now)
            if now - waiting.since >= self._stable_seconds:
                arrived[path] = identity
        return {} if self._is_batch and now < self._batch_due_at() else arrived

    def tell(self, arrived: Mapping[str, str]) -> None:
        """Their arrival was told."""
        self._told.update(arrived)
        for path in arrived:
            self._waiting.pop(path, None)

    def due_at(self) -> float | None:
        """When to look next although nothing happens; None where nothing is on its way."""
        if not self._waiting:
            return None
        if self._is_batch:
            return self._batch_due_at()
        return min(waiting.since for waiting in self._waiting.values()) + self._stable_seconds

    def _batch_due_at(self) -> float:
        """When all are complete, or the first of them has waited long enough for the others."""
        if not self._waiting:
            return math.inf
        since = [waiting.since for waiting in self._waiting.values()]
        return min(max(since) + self._stable_seconds, min(since) + self._stable_seconds + LONGEST_SECONDS)
