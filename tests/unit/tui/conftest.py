"""The screen against a daemon of dictionaries, at a time that stands still."""

from __future__ import annotations

import time
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
from textual.pilot import Pilot

from skafd import clock
from skafd.api.client import Client
from skafd.api.shapes import LogSource
from skafd.tui.app import SkafdApp
from tests.support import scenes
from tests.support.fake_backend import FakeBackend
from tests.support.served import Served

PATIENCE_SECONDS = 60


@pytest.fixture
def backend(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> FakeBackend:
    """A busy morning, and the log of a task."""
    monkeypatch.setenv("TZ", "UTC")
    time.tzset()
    monkeypatch.setattr(clock, "now", lambda: scenes.NOW)
    found = FakeBackend(tmp_path)
    found.projects = scenes.busy_projects()
    found.details["churn/42"] = scenes.killed_run()
    log = tmp_path / "log"
    log.write_text(
        "reading\nWARNING: 3 rows are odd\nTraceback (most recent call last):\nKeyError: 'x'\n" + "long " * 60
    )
    found.sources = [LogSource("churn/42/train", str(log), True)]
    return found


@pytest.fixture
def served(backend: FakeBackend, tmp_path: Path) -> Iterator[Served]:
    """Answers for the backend until the test is over, or stops it."""
    with Served(backend, tmp_path / "api.sock") as served:
        yield served


class Seen:
    """The screen, as somebody in front of it sees and uses it."""

    def __init__(self, app: SkafdApp, pilot: Pilot[Any]) -> None:
        self.app = app
        self.pilot = pilot

    @property
    def text(self) -> str:
        """All that is on the screen, without colours."""
        strips = self.app.screen._compositor.render_strips()
        lines = ["".join(segment.text for segment in strip).rstrip() for strip in strips]
        return "\n".join(lines).rstrip() + "\n"

    async def press(self, *keys: str) -> None:
        """Types."""
        await self.pilot.press(*keys)

    async def until(self, what: str | Callable[[], bool]) -> None:
        """Waits until a text is on the screen, or a condition holds."""
        ends_at = time.monotonic() + PATIENCE_SECONDS
        while not ((what in self.text) if isinstance(what, str) else what()):
            assert time.monotonic() < ends_at, f"not seen: {what}\n{self.text}"
            await self.pilot.pause(0.02)


@asynccontextmanager
async def looking(client: Client, columns: int = 120, lines: int = 30) -> AsyncIterator[Seen]:
    """A screen that shows what the daemon said first."""
    app = SkafdApp(client)
    async with app.run_test(size=(columns, lines), notifications=True) as pilot:
        seen = Seen(app, pilot)
        await seen.until(lambda: app.mirror.number >= 0)
        yield seen
