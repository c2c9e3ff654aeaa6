"""The task that both sides run, and what is measured of it."""

from __future__ import annotations

import itertools
from dataclasses import dataclass

ENTRYPOINT = "exec bash -c 'echo $EPOCHREALTIME'"
"""Does nothing but say when it ends, so that its end is not taken from the word of whoever is measured."""
COMMAND = ("/bin/sh", "-c", ENTRYPOINT)
"""As skafd executes such an entrypoint."""

LIMIT_MEMORY_BYTES = 32 * 2**20
LIMIT_PIDS = 4096


@dataclass(frozen=True, slots=True)
class Timing:
    """One task. Both are seconds since the epoch."""

    exec_at: float
    """Seen by the parent when exec had closed its pipe: a little late, never early."""
    last_word_at: float
    """Said by the task itself at its end: a little early, never late."""


def hops(timings: list[Timing]) -> list[float]:
    """From the end of each task of a chain to the exec of the next one, in seconds."""
    return [after.exec_at - before.last_word_at for before, after in itertools.pairwise(timings)]
