"""Which open files a process hands on: a job gets nothing but its output."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Sequence

_STANDARD_ERROR = 2


def keep_from_jobs() -> None:
    """Whoever left them open before us; what is opened from here on is closed at an exec anyway."""
    for name in os.listdir("/proc/self/fd"):
        # The one that the list was read from is closed already.
        with contextlib.suppress(OSError):
            os.set_inheritable(int(name), int(name) <= _STANDARD_ERROR)


def take_output(output: int) -> None:
    """The pipe to write; to read there is what this process has itself, /dev/null."""
    os.dup2(output, 1)
    os.dup2(output, 2)


def close_others(keep: Sequence[int]) -> None:
    """All other descriptors, whoever of those before us left them open: it may wait for long."""
    for descriptor in [int(name) for name in os.listdir("/proc/self/fd")]:
        if descriptor > _STANDARD_ERROR and descriptor not in keep:
            # The one that the list was read from is closed already.
            with contextlib.suppress(OSError):
                os.close(descriptor)
