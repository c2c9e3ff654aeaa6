"""Machines live through months in virtual time; what must always be true is checked after every event."""

from __future__ import annotations

import os
import time

import pytest

from tests.support.simulator import BEGIN, Simulator

SEEDS = int(os.environ.get("SKAFD_SIMULATION_SEEDS", "200"))
FIRST_SEED = int(os.environ.get("SKAFD_SIMULATION_FIRST_SEED", "0"))
TASK_ENDS = 120
BATCHES = 8


@pytest.mark.timeout(0)
@pytest.mark.parametrize("batch", range(BATCHES))
def test_machines_live_through_months(batch: int) -> None:
    began, ends, days = time.process_time(), 0, 0.0
    for seed in range(FIRST_SEED + batch, FIRST_SEED + SEEDS, BATCHES):
        machine = Simulator(seed)
        try:
            machine.live_until(TASK_ENDS)
        except Exception as error:
            error.add_note(f"seed {seed}, at {machine.now}")
            raise
        ends += machine.task_ends
        days += (machine.now - BEGIN).total_seconds() / 86400
    used = time.process_time() - began
    print(f"{ends} attempts in {days:.0f} virtual days, {ends / used:.0f} a second")
    assert ends > 0
