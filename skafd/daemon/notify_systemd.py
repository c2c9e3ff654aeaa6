"""What systemd wants to hear of a service of Type=notify. Without systemd nothing is said, and nothing wakes up."""

from __future__ import annotations

import asyncio
import os
import socket
from collections.abc import Callable, MutableMapping
from dataclasses import dataclass
from typing import Self

_PINGS_PER_PERIOD = 4
"""Two of them may be late or lost before systemd takes the daemon for dead."""


@dataclass(frozen=True, slots=True)
class Systemd:
    """The socket on which systemd listens, and how often it wants to hear that the daemon is alive."""

    address: str | None = None
    watchdog_seconds: float | None = None

    @classmethod
    def take(cls, environment: MutableMapping[str, str] = os.environ) -> Self:
        """Takes systemd's variables out of the environment: nobody who is started later speaks for the daemon."""
        address = environment.pop("NOTIFY_SOCKET", None)
        microseconds = environment.pop("WATCHDOG_USEC", None)
        is_meant = environment.pop("WATCHDOG_PID", str(os.getpid())) == str(os.getpid())
        return cls(address, int(microseconds) / 1e6 if address and microseconds and is_meant else None)

    def ready(self) -> None:
        """The daemon answers."""
        self._say("READY=1")

    def stopping(self) -> None:
        """The daemon is about to end."""
        self._say("STOPPING=1")

    async def keep_watchdog(self, turns: Callable[[], int], wake: Callable[[], None]) -> None:
        """Says that the daemon is alive as long as its orchestrator turns: `wake` must make `turns` grow.

        Returns at once when nobody wants to know; else it runs until it is cancelled.
        """
        if self.watchdog_seconds is None:
            return
        seen = turns() - 1
        while True:
            if turns() != seen:
                self._say("WATCHDOG=1")
            seen = turns()
            wake()
            await asyncio.sleep(self.watchdog_seconds / _PINGS_PER_PERIOD)

    def _say(self, message: str) -> None:
        if self.address is None:
            return
        # A leading @ stands for a name that is not in the file system.
        path = f"\0{self.address[1:]}" if self.address.startswith("@") else self.address
        with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as sender:
            sender.sendto(message.encode(), path)
