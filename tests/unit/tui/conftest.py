"""The screen against a daemon of dictionaries, at a time that stands still."""

from __future__ import annotations

import time
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from rich.segment import Segment
from textual.pilot import Pilot

from skafd import clock
from skafd.api.client import Client
from skafd.api.shapes import BuildInfo, LogSource
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
    found.projects = [
        replace(one, build=BuildInfo("installing", "2026-03-01T13:05:00+00:00", 12, 40, "packages", 30))
        if one.activity
        else one
        for one in scenes.busy_projects()
    ]
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

    @property
    def drawing(self) -> str:
        """The same with colours, as a terminal is told."""
        strips = self.app.screen._compositor.render_strips()
        lines = ["".join(_drawn(segment) for segment in Segment.simplify(strip)) for strip in strips]
        return "\n".join(lines) + "\n"

    @property
    def is_asking(self) -> bool:
        """The daemon was asked for something, or is about to be, and has not answered."""
        groups = ("list", "detail", "diff", "kept")
        is_settling = getattr(self.app.screen, "is_settling", False)
        return is_settling or any(worker.group in groups and worker.is_running for worker in self.app.workers)

    async def press(self, *keys: str) -> None:
        """Types."""
        await self.pilot.press(*keys)

    async def until(self, what: str | Callable[[], bool]) -> None:
        """Waits until a text is on the screen, or a condition holds."""
        ends_at = time.monotonic() + PATIENCE_SECONDS
        while not ((what in self.text) if isinstance(what, str) else what()):
            assert time.monotonic() < ends_at, f"not seen: {what}\n{self.text}"
            await self.pilot.pause(0.02)


def _drawn(segment: Segment) -> str:
    return segment.style.render(segment.text) if segment.style else segment.text


@asynccontextmanager
async def looking(client: Client, columns: int = 120, lines: int = 30) -> AsyncIterator[Seen]:
    """A screen that shows what the daemon said first."""
    app = SkafdApp(client)
    async with app.run_test(size=(columns, lines), notifications=True) as pilot:
        seen = Seen(app, pilot)
        await seen.until(lambda: app.mirror.number >= 0)
        yield seen
