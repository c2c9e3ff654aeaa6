"""One thread that waits for changes on behalf of everybody who watches."""

from __future__ import annotations

import asyncio
from contextlib import suppress

from anyio import to_thread

from skafd.api.backend import Backend

SLICE_SECONDS = 1.0
"""How long the thread may hold up the end of the daemon. While nobody watches, there is no thread."""


class ChangeWatch:
    """Lets any number of tasks wait for a change; asks the backend from one thread."""

    def __init__(self, backend: Backend) -> None:
        self._backend = backend
        self._condition = asyncio.Condition()
        self._number = -1
        self._waiting = 0
        self._thread: asyncio.Task[None] | None = None
        self.closing = asyncio.Event()

    @property
    def closed(self) -> bool:
        """The daemon ends; nobody is to wait any longer."""
        return self.closing.is_set()

    async def current(self) -> int:
        """The number of the last change."""
        return await to_thread.run_sync(self._backend.change_number)

    async def wait(self, after: int, seconds: float) -> int:
        """Returns the number as soon as it exceeds `after`, the time is up or the daemon ends."""
        self._number = max(self._number, await self.current())
        if self._number > after or self.closed:
            return self._number
        self._waiting += 1
        try:
            if self._thread is None or self._thread.done():
                self._thread = asyncio.create_task(self._watch())
            with suppress(TimeoutError):
                async with asyncio.timeout(seconds), self._condition:
                    await self._condition.wait_for(lambda: self._number > after or self.closed)
        finally:
            self._waiting -= 1
        return self._number

    async def close(self) -> None:
        """Lets everybody go."""
        self.closing.set()
        async with self._condition:
            self._condition.notify_all()

    async def _watch(self) -> None:
        while self._waiting and not self.closed:
            number = await to_thread.run_sync(self._backend.wait_for_change, self._number, SLICE_SECONDS)
            async with self._condition:
                self._number = max(self._number, number)
                self._condition.notify_all()
