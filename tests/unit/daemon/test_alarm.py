"""The alarm rings at its instant, once, wherever it was moved to."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from datetime import timedelta

from skafd import clock
from skafd.daemon.alarm import Alarm

SOON, LATE = timedelta(milliseconds=20), timedelta(hours=1)


def with_alarm(scenario: Callable[[Alarm, asyncio.Queue[str]], Awaitable[None]]) -> None:
    async def run() -> None:
        rung: asyncio.Queue[str] = asyncio.Queue()
        alarm = Alarm(asyncio.get_running_loop())
        alarm.rings(lambda: rung.put_nowait("rung"))
        try:
            await scenario(alarm, rung)
        finally:
            alarm.close()

    asyncio.run(run())


def test_it_rings_at_its_instant_and_late_rather_than_never() -> None:
    async def scenario(alarm: Alarm, rung: asyncio.Queue[str]) -> None:
        instant = clock.now() + SOON
        alarm.set(instant)
        await rung.get()
        assert clock.now() >= instant
        alarm.set(clock.now() - LATE)
        await rung.get()

    with_alarm(scenario)


def test_only_the_last_instant_counts_whichever_thread_says_so() -> None:
    async def scenario(alarm: Alarm, rung: asyncio.Queue[str]) -> None:
        for instant in (clock.now() + LATE, None, clock.now() + LATE, clock.now() + SOON):
            await asyncio.to_thread(alarm.set, instant)
        await rung.get()
        alarm.set(clock.now() + SOON)
        await rung.get()
        assert rung.empty()

    with_alarm(scenario)


def test_what_is_done_every_day_does_not_go_when_the_alarm_is_moved() -> None:
    async def scenario(alarm: Alarm, rung: asyncio.Queue[str]) -> None:
        alarm.every_day(lambda: None)
        alarm.set(clock.now() + SOON)
        await rung.get()
        alarm.set(None)
        await asyncio.sleep(0)
        (daily,) = alarm._scheduler.get_jobs()
        assert timedelta(hours=23) < daily.next_run_time - clock.now() <= timedelta(days=1)

    with_alarm(scenario)
