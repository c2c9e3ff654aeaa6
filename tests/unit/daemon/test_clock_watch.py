"""A jump of the wall clock is told of, and otherwise nothing happens."""

from __future__ import annotations

import asyncio
import errno
import os

import pytest

from skafd.daemon.clock_watch import ClockWatch
from skafd.daemon.clocks import Clocks


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
    jump = Clocks().jump()
    assert not jump.was_set_back
    assert jump.cause == "skafd was busy"
