"""A number that grows whenever something that a screen shows has changed, and the means to wait for it."""

from __future__ import annotations

import threading


class Changes:
    """Shared by the threads that change things and those that show them."""

    def __init__(self) -> None:
        self._condition = threading.Condition()
        self._number = 0

    @property
    def number(self) -> int:
        """How many changes there have been."""
        return self._number

    def announce(self) -> None:
        """Something changed."""
        with self._condition:
            self._number += 1
            self._condition.notify_all()

    def wait(self, after: int, seconds: float) -> int:
        """Blocks until the number exceeds `after`, at most `seconds`; returns the number."""
        with self._condition:
            self._condition.wait_for(lambda: self._number > after, timeout=seconds)
            return self._number
