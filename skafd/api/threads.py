"""A blocking iterator as an asynchronous one, whose thread never holds up the end of the process."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import suppress
from typing import Any

from skafd.errors import DaemonUnreachable

_END = object()


async def iterate_in_thread(start: Callable[[], Iterator[Any]], closing: asyncio.Event) -> AsyncIterator[Any]:
    """Yields what `start()` yields, raises what it raises. Raises DaemonUnreachable once `closing` is set."""
    loop = asyncio.get_running_loop()
    items: asyncio.Queue[Any] = asyncio.Queue()

    def hand_over(item: Any) -> None:
        # A closed loop: nobody waits for the item any more.
        with suppress(RuntimeError):
            loop.call_soon_threadsafe(items.put_nowait, item)

    def work() -> None:
        try:
            for item in start():
                hand_over(item)
            hand_over(_END)
        except Exception as error:
            hand_over(error)

    threading.Thread(target=work, name="api-stream", daemon=True).start()
    while (item := await _next(items, closing)) is not _END:
        if isinstance(item, Exception):
            raise item
        yield item


async def _next(items: asyncio.Queue[Any], closing: asyncio.Event) -> Any:
    item, end = asyncio.ensure_future(items.get()), asyncio.ensure_future(closing.wait())
    try:
        await asyncio.wait({item, end}, return_when=asyncio.FIRST_COMPLETED)
        if not item.done():
            raise DaemonUnreachable("the daemon was stopped before it was done with this", "start it with `skafd up`")
        return item.result()
    finally:
        item.cancel()
        end.cancel()
