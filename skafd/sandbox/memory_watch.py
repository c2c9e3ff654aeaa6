"""Watches over memory where no cgroup can: samples the tree, and says when it is above its limit."""

from __future__ import annotations

import os

from skafd.sandbox import processes

_SAMPLE_SECONDS = 0.25


class MemoryWatch:
    """Sums the resident memory of all descendants of this process; pages that they share count for each."""

    def __init__(self, limit_bytes: int) -> None:
        self._limit_bytes = limit_bytes
        self.peak_bytes = 0
        self.next_at = 0.0
        """On the monotonic clock."""

    @property
    def reason(self) -> str:
        """A sentence for the verdict."""
        return (
            f"ended by skafd's memory watch: {_mebibytes(self.peak_bytes)} in use, "
            f"the limit is {_mebibytes(self._limit_bytes)}; no memory control group is writable here"
        )

    def is_exceeded(self, now: float) -> bool:
        """Takes a sample when one is due; true once the tree was above its limit."""
        if now >= self.next_at:
            self.next_at = now + _SAMPLE_SECONDS
            used = sum(processes.resident_bytes(pid) for pid in processes.descendants(os.getpid()))
            self.peak_bytes = max(self.peak_bytes, used)
        return self.peak_bytes > self._limit_bytes


def _mebibytes(count: int) -> str:
    return f"{count / 2**20:.0f}Mi"
