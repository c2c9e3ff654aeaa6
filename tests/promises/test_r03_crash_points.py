"""R3: the daemon, the launcher or a supervisor may die right before and right after every write transaction and every
rename in a run's life: the state at the end is that of the undisturbed run.

The points are found by importing skafd, so a new one is tested by itself; one that nobody comes by fails here. Each is
tried in the first chapter of the story in which somebody comes by it. At full
size (`make torture`) every point is visited, in `make test` each seventh, in turn one before and one after.
"""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import cache
from typing import Any

import pytest

from skafd import crash
from tests.support.story import Chapter, Story, final_state, without_lost
from tests.support.tortured import SCALE, Tortured

SUPERVISOR_POINTS = ("claim", "cgroup", "work-folder", "command", "start.tell", "exit-file", "end.tell")
POINTS = [point for point in crash.points() if not point.startswith("transaction.other")]
AT_ONCE = 3
VISITED = POINTS if SCALE >= 2 else POINTS[::7]


@dataclass(frozen=True, slots=True)
class Told:
    """What telling the story led to."""

    was_reached: bool
    """A process died at the point."""
    state: dict[str, Any]
    ran: list[str]
    points: frozenset[str] = frozenset()
    """Those that somebody came by, where nobody was to die."""


def tell(chapters: Sequence[Chapter], point: str = "") -> Told:
    """Tells these chapters with a process that dies at the point, or notes the points that there are."""
    with Tortured() as machine:
        mark, trace = machine.root / "mark", machine.root / "trace"
        disturbing = {"SKAFD_CRASH_AT": point, "SKAFD_CRASH_MARK": str(mark)}
        environment = disturbing if point else {"SKAFD_CRASH_TRACE": str(trace)}
        story = Story(machine, environment)
        story.tell(chapters)
        state = story.insist(lambda: final_state(machine, chapters))
        ran = sorted(story.ledger.read_text().splitlines()) if story.ledger.exists() else []
        points = frozenset(trace.read_text().splitlines()) if trace.exists() else frozenset()
        return Told(mark.exists(), state, ran, points)


@cache
def undisturbed(chapters: Sequence[Chapter]) -> Told:
    return tell(chapters)


def chapters_with(point: str) -> Sequence[Chapter]:
    """The first chapter in which somebody comes by; all of them for a point that needs a disturbance."""
    return next(((chapter,) for chapter in Chapter if point in undisturbed((chapter,)).points), tuple(Chapter))


def check(point: str) -> str | None:
    """What is wrong with the point, if anything is."""
    chapters = chapters_with(point)
    expected = undisturbed(chapters)
    try:
        told = tell(chapters, point)
    except BaseException as error:
        return f"{point}: {error} {getattr(error, '__notes__', '')}"
    if not told.was_reached:
        return f"{point}: nobody came by"
    if len(set(told.ran)) != len(told.ran):
        return f"{point}: an attempt ran twice: {told.ran}"
    if point.startswith(SUPERVISOR_POINTS):
        # The supervisor of the first attempt dies, always: that one may be lost, and is tried again.
        same = without_lost(told.state) == without_lost(expected.state)
    else:
        same = (told.state, told.ran) == (expected.state, expected.ran)
    return None if same else f"{point}: {told}\ninstead of {expected}"


@pytest.mark.timeout(3600)
def test_a_death_at_any_crash_point_changes_nothing_in_the_end() -> None:
    with ThreadPoolExecutor(AT_ONCE) as pool:
        list(pool.map(undisturbed, ((chapter,) for chapter in Chapter)))
        problems = [problem for problem in pool.map(check, VISITED) if problem]
    assert not problems, "\n\n".join(problems)
