"""Each screen as it was when somebody looked at it and found it good. SKAFD_SNAPSHOTS=write takes new ones.

`cat` shows those in colour as they are.
"""

from __future__ import annotations

import asyncio
import os
import re
from pathlib import Path

import pytest

from skafd.api.shapes import ServiceInfo
from tests.support.fake_backend import FakeBackend
from tests.support.served import Served
from tests.unit.tui.conftest import Seen, looking

SNAPSHOTS = Path("tests/snapshots/screen")
SIZES = {"wide": (120, 30), "narrow": (80, 24)}
SCREENS = {
    "machine": ((), "waits for 'ingest'"),
    "job": (("j", "j"), "median"),
    "filter": (("slash", *"running", "enter", "j"), "warehouse/load clicks"),
    "graph": (("v", "right"), "churn/train waits"),
    "runs": (("h",), "churn/42"),
    "run": (("j", "enter"), "exit code 0"),
    "log": (("j", "enter", "l"), "long long"),
    "deployments": (("d",), "pandas 1.5.3"),
    "diff": (("d", "enter"), "depth=4"),
    "environments": (("E",), "unused"),
    "services": (("S",), "queue"),
    "stores": (("Q",), "does not run"),
    "question": (("x",), "End what runs of churn?"),
    "tags": (("h", "t"), "Tags for churn/42"),
    "help": (("question_mark",), "Keys"),
    "palette": (("colon", *"dep"), "Deployments"),
}
"""The keys that lead there, and what is seen when all is there."""
KEYS_SHOWN = "? Help"
"""At the bottom, below questions too: the last that is drawn."""
_COLOURS = re.compile(r"(?:38|48);2;(\d+);(\d+);(\d+)")


@pytest.fixture(autouse=True)
def services(backend: FakeBackend) -> None:
    since = "2026-03-01T09:00:00+00:00"
    log, killed = "/state/services/log", "killed by signal 9"
    backend.running_services = [
        ServiceInfo("data", "running", since, 0, None, "", 4712, 90 << 20, log),
        ServiceInfo("queue", "waiting", since, 2, since, killed, None, None, log),
    ]


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("screen", SCREENS)
def test_each_screen_is_as_it_was(served: Served, screen: str, size: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("NO_COLOR", raising=False)
    text, drawing = asyncio.run(_see(served, screen, size))
    _compare(SNAPSHOTS / f"{screen}-{size}.ansi", drawing)
    assert any(_is_colourful(*colour) for colour in _COLOURS.findall(drawing))
    assert all(len(line) <= SIZES[size][0] for line in text.splitlines())


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("screen", SCREENS)
def test_without_colours_nothing_is_missing(
    served: Served, screen: str, size: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("NO_COLOR", "1")
    text, drawing = asyncio.run(_see(served, screen, size))
    _compare(SNAPSHOTS / f"{screen}-{size}.txt", text)
    assert not any(_is_colourful(*colour) for colour in _COLOURS.findall(drawing))


def _is_colourful(red: str, green: str, blue: str) -> bool:
    parts = (int(red), int(green), int(blue))
    return max(parts) - min(parts) > 16


async def _see(served: Served, screen: str, size: str) -> tuple[str, str]:
    keys, text = SCREENS[screen]
    async with looking(served.client, *SIZES[size]) as seen:
        await seen.until(KEYS_SHOWN)
        for key in keys:
            await seen.press(key)
            await seen.until(lambda: not seen.is_asking)
        await seen.until(text)
        await seen.until(KEYS_SHOWN)
        await seen.until(lambda: not seen.is_asking)
        await _at_rest(seen)
        return seen.text, seen.drawing


async def _at_rest(seen: Seen) -> None:
    """Nothing is drawn any more."""
    before = ""
    while before != seen.drawing:
        before = seen.drawing
        await seen.pilot.pause(0.2)


def _compare(path: Path, seen: str) -> None:
    if os.environ.get("SKAFD_SNAPSHOTS") == "write":
        path.write_text(seen)
    assert seen == path.read_text()
