"""Machines live through months in virtual time; what must always be true is checked after every event."""

from __future__ import annotations

import os
import time
from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor

import pytest

from tests.support.simulator import BEGIN, Simulator

SEEDS = int(os.environ.get("SKAFD_SIMULATION_SEEDS", "200"))
FIRST_SEED = int(os.environ.get("SKAFD_SIMULATION_FIRST_SEED", "0"))
WORKERS = int(os.environ.get("SKAFD_SIMULATION_WORKERS", "1"))
TASK_ENDS = 120
SEEDS_PER_PIECE = 25


def live(seeds: Sequence[int]) -> tuple[int, float]:
    """How many attempts ended, and how many days passed, on machines of these seeds."""
    ends, days = 0, 0.0
    for seed in seeds:
        machine = Simulator(seed)
        try:
            machine.live_until(TASK_ENDS)
        except Exception as error:
            error.add_note(f"seed {seed}, at {machine.now}")
            raise
        ends += machine.task_ends
        days += (machine.now - BEGIN).total_seconds() / 86400
    return ends, days


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
    used = time.monotonic() - began
    ends, days = sum(ends for ends, _ in lives), sum(days for _, days in lives)
    print(
        f"{SEEDS} machines: {ends} attempts in {days:.0f} virtual days, {ends / used:.0f} a second, {WORKERS} at once"
    )
    assert ends > 0
