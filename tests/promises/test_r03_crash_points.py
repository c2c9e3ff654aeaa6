"""R3: the daemon, the launcher or a supervisor may die right before and right after every write transaction and every
rename in a run's life: the state at the end is that of the undisturbed run.

The points are found by importing skafd, so a new one is tested by itself; one that nobody comes by fails here. At full
size (`make torture`) every point is visited, in `make test` each seventh, in turn one before and one after.
"""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from functools import cache
from typing import Any

import pytest

from skafd import crash
from tests.support.story import Story, final_state, without_lost
from tests.support.tortured import SCALE, Tortured

SUPERVISOR_POINTS = ("claim", "cgroup", "work-folder", "command", "start.tell", "exit-file", "end.tell")
POINTS = [point for point in crash.points() if not point.startswith("transaction.other")]
AT_ONCE = 3
VISITED = POINTS if SCALE >= 2 else POINTS[::7]


def disturbed(point: str) -> tuple[bool, dict[str, Any], list[str]]:
    """Tells the story with a process that dies at the point: whether one did, what it led to, what ran."""
    with Tortured() as machine:
        mark = machine.root / "mark"
        environment = {"SKAFD_CRASH_AT": point, "SKAFD_CRASH_MARK": str(mark)} if point else {}
        story = Story(machine, environment)
        story.tell()
        state = story.insist(lambda: final_state(machine))
        return mark.exists(), state, sorted(story.ledger.read_text().splitlines())


@cache
def undisturbed() -> tuple[bool, dict[str, Any], list[str]]:
    return disturbed("")


def check(point: str) -> str | None:
    """What is wrong with the point, if anything is."""
    _, expected, ledger = undisturbed()
    try:
        was_reached, state, noted = disturbed(point)
    except BaseException as error:
        return f"{point}: {error} {getattr(error, '__notes__', '')}"
    if not was_reached:
        return f"{point}: nobody came by"
    if len(set(noted)) != len(noted):
        return f"{point}: an attempt ran twice: {noted}"
    if point.startswith(SUPERVISOR_POINTS):
        # The supervisor of the first attempt dies, always: that one may be lost, and is tried again.
        same = without_lost(state) == without_lost(expected)
    else:
        same = (state, noted) == (expected, ledger)
    return None if same else f"{point}: {state} {noted}\ninstead of {expected} {ledger}"


@pytest.mark.timeout(3600)
def test_a_death_at_any_crash_point_changes_nothing_in_the_end() -> None:
    undisturbed()
    with ThreadPoolExecutor(AT_ONCE) as pool:
        problems = [problem for problem in pool.map(check, VISITED) if problem]
    assert not problems, "\n\n".join(problems)
