"""APScheduler wakes us; what is due is decided elsewhere."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from datetime import datetime

from apscheduler.schedulers.asyncio import AsyncIOScheduler
from apscheduler.triggers.date import DateTrigger
from apscheduler.triggers.interval import IntervalTrigger

_WAKE = "wake"


class Alarm:
    """Rings at one instant, which may be moved from any thread; and once a day. Rings late rather than never."""

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self._loop = loop
        self._ring: Callable[[], None] = lambda: None
        self._instant: datetime | None = None
        self._scheduler = AsyncIOScheduler(event_loop=loop, timezone="UTC")
        self._scheduler.start()

    def rings(self, ring: Callable[[], None]) -> None:
        """Says what to call."""
        self._ring = ring

    def set(self, instant: datetime | None) -> None:
        """Moves the alarm; None switches it off."""
        self._loop.call_soon_threadsafe(self._set, instant)

    def again(self) -> None:
        """Counts anew how long it is until the instant: the wall clock has jumped. Call it in the loop's thread."""
        self._set(self._instant)

    def every_day(self, call: Callable[[], None]) -> None:
        """Calls it in the loop's thread a day from now, and every day after that."""

        async def on_time() -> None:
            call()

        self._scheduler.add_job(on_time, IntervalTrigger(days=1), misfire_grace_time=None)

    def close(self) -> None:
        """Stops the scheduler. Call it in the loop's thread."""
        self._scheduler.shutdown(wait=False)

    def _set(self, instant: datetime | None) -> None:
        self._instant = instant
        if self._scheduler.get_job(_WAKE) is not None:
            self._scheduler.remove_job(_WAKE)
        if instant is not None:
            self._scheduler.add_job(self._on_time, DateTrigger(run_date=instant), id=_WAKE, misfire_grace_time=None)

    async def _on_time(self) -> None:
        # A coroutine, so that it runs in the loop and not in a pool of threads.
        self._ring()
