"""Each screen as it was when somebody looked at it and found it good. SKAFD_SNAPSHOTS=write takes new ones."""

from __future__ import annotations

import asyncio
import os
import re
from pathlib import Path

import pytest

from tests.support.served import Served
from tests.unit.tui.conftest import Seen, looking

SNAPSHOTS = Path("tests/snapshots/screen")
SIZES = {"wide": (120, 30), "narrow": (80, 24)}
SCREENS = {
    "machine": ((), "waits for 'ingest'"),
    "job": (("j", "j"), "median"),
    "filter": (("slash", *"running", "enter", "j"), "warehouse/load clicks"),
    "run": (("j", "enter"), "exit code 0"),
    "log": (("j", "enter", "l"), "long long"),
    "deployments": (("d",), "live"),
    "question": (("x",), "End what runs of churn?"),
    "help": (("question_mark",), "Keys"),
}
"""The keys that lead there, and what is seen when all is there."""
_IDS = re.compile(r"terminal-\d+")


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("screen", SCREENS)
def test_each_screen_is_as_it_was(served: Served, screen: str, size: str) -> None:
    _compare(SNAPSHOTS / f"{screen}-{size}.txt", asyncio.run(_see(served, screen, size))[0])


@pytest.mark.parametrize("colours", ["colour", "no-colour"])
def test_the_colours_are_as_they_were(served: Served, colours: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("NO_COLOR", raising=False)
    if colours == "no-colour":
        monkeypatch.setenv("NO_COLOR", "1")
    _, drawing = asyncio.run(_see(served, "job", "wide"))
    _compare(SNAPSHOTS / f"job-{colours}.svg", drawing)
    found = set(re.findall(r"-r\d+ \{ fill: (#[0-9a-fA-F]{6})", drawing))
    assert any(_is_colourful(colour) for colour in found) == (colours == "colour")


def _is_colourful(colour: str) -> bool:
    red, green, blue = (int(colour[place : place + 2], 16) for place in (1, 3, 5))
    return max(red, green, blue) - min(red, green, blue) > 16


async def _see(served: Served, screen: str, size: str) -> tuple[str, str]:
    keys, text = SCREENS[screen]
    async with looking(served.client, *SIZES[size]) as seen:
        await seen.until("churn")
        await seen.press(*keys)
        await seen.until(text)
        await _at_rest(seen)
        return seen.text, _IDS.sub("terminal", seen.app.export_screenshot())


async def _at_rest(seen: Seen) -> None:
    """Nothing is drawn any more."""
    before = ""
    while before != seen.text:
        before = seen.text
        await seen.pilot.pause(0.3)


def _compare(path: Path, seen: str) -> None:
    if os.environ.get("SKAFD_SNAPSHOTS") == "write":
        path.write_text(seen)
    assert seen == path.read_text()
