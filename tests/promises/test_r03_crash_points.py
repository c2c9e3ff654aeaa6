"""R3: the daemon, the launcher or a supervisor may die right before and right after every write transaction and every
rename in a run's life: the state at the end is that of the undisturbed run.

The points are found by importing skafd, so a new one is tested by itself; one that nobody comes by fails here. Each is
tried in the first chapter of the story in which somebody comes by it. At full
size (`make torture`) every point is visited, in `make test` each seventh, in turn one before and one after.
"""

from __future__ import annotations

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


def tell(chapter: Chapter, point: str = "") -> Told:
    """Tells a chapter with a process that dies at the point, or notes the points that there are."""
    with Tortured() as machine:
        mark, trace = machine.root / "mark", machine.root / "trace"
        disturbing = {"SKAFD_CRASH_AT": point, "SKAFD_CRASH_MARK": str(mark)}
        environment = disturbing if point else {"SKAFD_CRASH_TRACE": str(trace)}
        story = Story(machine, environment)
        story.tell([chapter])
        state = story.insist(lambda: final_state(machine, [chapter]))
        ran = sorted(story.ledger.read_text().splitlines()) if story.ledger.exists() else []
        points = frozenset(trace.read_text().splitlines()) if trace.exists() else frozenset()
        return Told(mark.exists(), state, ran, points)


@cache
def undisturbed(chapter: Chapter) -> Told:
    return tell(chapter)


def chapter_with(point: str) -> Chapter | None:
    """The first in which somebody comes by."""
    return next((chapter for chapter in Chapter if point in undisturbed(chapter).points), None)


def check(point: str) -> str | None:
    """What is wrong with the point, if anything is."""
    chapter = chapter_with(point)
    assert chapter is not None, "looked at before"
    expected = undisturbed(chapter)
    try:
        told = tell(chapter, point)
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
        list(pool.map(undisturbed, Chapter))
        assert [point for point in POINTS if chapter_with(point) is None] == []
        problems = [problem for problem in pool.map(check, VISITED) if problem]
    assert not problems, "\n\n".join(problems)
