"""Waiting for what other threads deliver."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Generic, TypeVar

T = TypeVar("T")
LONGEST_WAIT_SECONDS = 60
"""Longer than a busy machine needs, shorter than the limit of a test."""


class Collector(Generic[T]):
    """Call it to deliver; it remembers everything in order."""

    def __init__(self) -> None:
        self.items: list[T] = []
        self._condition = threading.Condition()

    def __call__(self, item: T) -> None:
        with self._condition:
            self.items.append(item)
            self._condition.notify_all()

    def wait_for(self, count: int) -> list[T]:
        """Returns what was delivered when it is at least `count`. Fails when that takes too long."""
        with self._condition:
            arrived = self._condition.wait_for(lambda: len(self.items) >= count, LONGEST_WAIT_SECONDS)
            assert arrived, f"waited for {count}, got {self.items}"
            return list(self.items)

    def wait_until_seen(self, item: T) -> list[T]:
        """Returns what was delivered when `item` is among it."""
        with self._condition:
            arrived = self._condition.wait_for(lambda: item in self.items, LONGEST_WAIT_SECONDS)
            assert arrived, f"waited for {item}, got {self.items}"
            return list(self.items)

    def wait_until(self, condition: Callable[[T], bool]) -> list[T]:
        """Returns what was delivered when one item meets the condition."""
        with self._condition:
            arrived = self._condition.wait_for(lambda: any(map(condition, self.items)), LONGEST_WAIT_SECONDS)
            assert arrived, f"waited in vain, got {self.items}"
            return list(self.items)
