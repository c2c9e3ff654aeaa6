"""Machines live through months in virtual time; what must always be true is checked after every event."""

from __future__ import annotations

import gc
import os
import random
import time
from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor

import pytest

from tests.support.simulator import BEGIN, Simulator

SEEDS = int(os.environ.get("SKAFD_SIMULATION_SEEDS", "200"))
FIRST_SEED = int(os.environ.get("SKAFD_SIMULATION_FIRST_SEED", "0"))
WORKERS = int(os.environ.get("SKAFD_SIMULATION_WORKERS", "1"))
MEAN_ENDS = 15
"""Of attempts in most lives. Short ones differ more from each other; every fiftieth is twenty times longer."""
SEEDS_PER_PIECE = 25


def length_of_life(seed: int) -> int:
    """The number of attempts that end in it, at least."""
    mean = MEAN_ENDS * (20 if seed % 50 == 0 else 1)
    return 1 + int(random.Random(seed).expovariate(1 / mean))


def live(seeds: Sequence[int]) -> tuple[int, float, float]:
    """How many attempts ended, how many days passed, and the processor time, on machines of these seeds."""
    began = time.process_time()
    ends, days = 0, 0.0
    # A life is short, and nothing of it stays: looking for garbage in between would cost a tenth of the time.
    gc.disable()
    for seed in seeds:
        try:
            machine = Simulator(seed)
            machine.live_until(length_of_life(seed))
        except Exception as error:
            error.add_note(f"seed {seed}")
            raise
        ends += machine.ends
        days += (machine.now - BEGIN).total_seconds() / 86400
    gc.enable()
    gc.collect()
    return ends, days, time.process_time() - began


@pytest.mark.timeout(0)
def test_machines_live_through_months() -> None:
    began = time.monotonic()
    seeds = range(FIRST_SEED, FIRST_SEED + SEEDS)
    pieces = [seeds[first : first + SEEDS_PER_PIECE] for first in range(0, SEEDS, SEEDS_PER_PIECE)]
    if WORKERS == 1:
        lives = [live(piece) for piece in pieces]
    else:
        with ProcessPoolExecutor(WORKERS) as pool:
            lives = list(pool.map(live, pieces))
    seconds = time.monotonic() - began
    ends, days, used = (sum(figures) for figures in zip(*lives, strict=True))
    print(
        f"{SEEDS} machines: {ends} attempts in {days:.0f} virtual days and {seconds:.0f} s, {WORKERS} at once: "
        f"{ends / seconds:.0f} a second, {ends / used:.0f} in each second of a processor"
    )
    assert ends > 0
