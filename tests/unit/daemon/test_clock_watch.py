"""A jump of the wall clock is told of, and otherwise nothing happens."""

from __future__ import annotations

import asyncio
import errno
import os
from datetime import UTC, datetime, timedelta

import pytest

from skafd import clock
from skafd.daemon.clock_watch import ClockWatch
from skafd.daemon.clocks import Clocks, Reading
from skafd.model.decisions import ClockJumped


def test_a_jump_is_told_once_and_the_watch_goes_on(monkeypatch: pytest.MonkeyPatch) -> None:
    async def scenario() -> list[str]:
        told: list[str] = []
        watch = ClockWatch(asyncio.get_running_loop(), [lambda: told.append("alarm"), lambda: told.append("planner")])
        watch.look()  # Nothing has happened: nothing is told.
        with monkeypatch.context() as patched:
            patched.setattr(os, "read", _cancelled)
            watch.look()
        watch.look()
        watch.close()
        return told

    assert asyncio.run(scenario()) == ["alarm", "planner"]


def _cancelled(_descriptor: int, _count: int) -> bytes:
    raise OSError(errno.ECANCELED, "Operation canceled")


def test_the_clocks_of_a_machine_that_is_awake_agree() -> None:
    jump = Clocks().look(clock.now())
    assert not jump.was_set_back
    assert jump.events == ()
    assert jump.cause == "skafd was busy"


def test_a_jump_while_something_is_written_is_noticed_the_next_time() -> None:
    """The clock was read, then set, and only then what had been decided was on disk."""
    readings = iter([Reading(0, 0, 0), Reading(5, 5, 5), Reading(3610, 10, 10), Reading(3620, 20, 20)])
    clocks = Clocks(lambda: next(readings))
    assert clocks.look(_at(5)).events == ()
    clocks.mark()
    assert clocks.look(_at(3610)).events == (ClockJumped(timedelta(seconds=3600)),)
    clocks.mark()
    assert clocks.look(_at(3620)).events == ()


def test_sleep_is_told_from_a_clock_that_was_set() -> None:
    readings = iter([Reading(0, 0, 0), Reading(7200, 0, 7200), Reading(0, 0, 7200)])
    clocks = Clocks(lambda: next(readings))
    assert clocks.look(_at(7200)).events == (ClockJumped(timedelta(), timedelta(hours=2)),)
    clocks.mark()
    assert clocks.look(_at(0)).events == (ClockJumped(timedelta(hours=-2)),)


def test_a_jump_between_now_and_the_look_is_told_whole_by_the_next_look() -> None:
    """The machine slept while the turn waited for the database: the time of the turn is older than the clocks."""
    readings = iter([Reading(0, 0, 0), Reading(7200, 0, 7200), Reading(7201, 1, 7201)])
    clocks = Clocks(lambda: next(readings))
    jump = clocks.look(_at(0))
    assert jump.events == () and not jump.was_set_back
    clocks.mark()
    assert clocks.look(_at(7201)).events == (ClockJumped(timedelta(), timedelta(hours=2)),)


def _at(seconds: float) -> datetime:
    return datetime.fromtimestamp(seconds, UTC)
