"""Answers that are good for a moment: of a thousand tasks that start at once, one looks."""

from __future__ import annotations

import time
from collections.abc import Callable, Hashable
from typing import Generic, TypeVar

K = TypeVar("K", bound=Hashable)
V = TypeVar("V")
SECONDS = 0.1


class Lately(Generic[K, V]):
    """For one thread alone. It holds no more than what was asked for in one moment."""

    def __init__(self) -> None:
        self._answers: dict[K, V] = {}
        self._until = 0.0

    def get(self, key: K, find: Callable[[], V]) -> V:
        """What was found a moment ago, or is found now. Raises what `find` raises, and does not keep that."""
        now = time.monotonic()
        if now >= self._until:
            self._answers.clear()
            self._until = now + SECONDS
        if key not in self._answers:
            self._answers[key] = find()
        return self._answers[key]
