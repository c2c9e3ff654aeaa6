"""The alarm rings when the wall clock says so, also when that clock jumps."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta

import pytest
from apscheduler.schedulers import base

from skafd.daemon.alarm import Alarm

PATIENCE_SECONDS = 60.0
HOUR = timedelta(hours=1)


class TwoHoursLater(datetime):
    """What a clock shows that was set forward."""

    @classmethod
    def now(cls, tz: object = None) -> datetime:  # noqa: ARG003 called as that of datetime
        return datetime.now(UTC) + 2 * HOUR


def test_it_rings_when_it_is_time() -> None:
    async def scenario() -> None:
        rang = asyncio.Event()
        alarm = Alarm(asyncio.get_running_loop())
        alarm.rings(rang.set)
        alarm.set(datetime.now(UTC) + HOUR)
        alarm.set(datetime.now(UTC))
        await asyncio.wait_for(rang.wait(), PATIENCE_SECONDS)
        alarm.close()

    asyncio.run(scenario())


def test_a_clock_that_was_set_forward_past_the_instant_makes_it_ring_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    async def scenario() -> None:
        rang = asyncio.Event()
        alarm = Alarm(asyncio.get_running_loop())
        alarm.rings(rang.set)
        alarm.set(datetime.now(UTC) + HOUR)
        await asyncio.sleep(0)
        monkeypatch.setattr(base, "datetime", TwoHoursLater)
        alarm.again()
        await asyncio.wait_for(rang.wait(), PATIENCE_SECONDS)
        alarm.close()

    asyncio.run(scenario())
