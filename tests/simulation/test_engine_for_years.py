"""Machines live through months in virtual time; what must always be true is checked after every event."""

from __future__ import annotations

import gc
import os
import random
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ProcessPoolExecutor

import pytest

from tests.support.simulated.simulator import Simulator
from tests.support.simulated.turns import BEGIN

SEEDS = int(os.environ.get("SKAFD_SIMULATION_SEEDS", "200"))
FIRST_SEED = int(os.environ.get("SKAFD_SIMULATION_FIRST_SEED", "0"))
WORKERS = int(os.environ.get("SKAFD_SIMULATION_WORKERS", "1"))
MEAN_ATTEMPTS = 15
"""In most lives. Short ones differ more from each other; every fiftieth is twenty times longer."""
SEEDS_PER_PIECE = 25


def length_of_life(seed: int) -> int:
    """The number of attempts that end in it, at least."""
    mean = MEAN_ATTEMPTS * (20 if seed % 50 == 0 else 1)
    return 1 + int(random.Random(seed).expovariate(1 / mean))


def live(seeds: Sequence[int]) -> tuple[int, int, float, float]:
    """How many tasks and attempts ended, how many days passed, and the processor time, on machines of these seeds."""
    began = time.process_time()
    tasks, attempts, days = 0, 0, 0.0
    # A life is short, and nothing of it stays: looking for garbage in between, or in all that was imported, would cost
    # a tenth of the time each.
    gc.disable()
    gc.freeze()
    for seed in seeds:
        try:
            machine = Simulator(seed)
            machine.live_until(length_of_life(seed))
        except Exception as error:
            error.add_note(f"seed {seed}")
            raise
        tasks += machine.store.counts["tasks"]
        attempts += machine.store.counts["attempts"]
        days += (machine.now - BEGIN).total_seconds() / 86400
    gc.collect()
    gc.unfreeze()
    gc.enable()
    return tasks, attempts, days, time.process_time() - began


@pytest.mark.timeout(0)
def test_machines_live_through_months(record_property: Callable[[str, object], None]) -> None:
    began = time.monotonic()
    seeds = range(FIRST_SEED, FIRST_SEED + SEEDS)
    pieces = [seeds[first : first + SEEDS_PER_PIECE] for first in range(0, SEEDS, SEEDS_PER_PIECE)]
    if WORKERS == 1:
        lives = [live(piece) for piece in pieces]
    else:
        with ProcessPoolExecutor(WORKERS) as pool:
            lives = list(pool.map(live, pieces))
    seconds = time.monotonic() - began
    tasks, attempts, days, used = (sum(figures) for figures in zip(*lives, strict=True))
    record_property(
        "said",
        f"{SEEDS} machines, {WORKERS} at once, {days:.0f} virtual days in {seconds:.0f} s: {tasks} tasks ended, "
        f"{tasks / seconds:.0f} a second ({tasks / used:.0f} in each second of a processor), with {attempts} attempts, "
        f"{attempts / seconds:.0f} a second ({attempts / used:.0f})",
    )
    assert attempts > 0
