"""What is drawn before the screen can be used: the same list, at once."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from dataclasses import asdict
from pathlib import Path

import pytest

from skafd.tui.mirror import Mirror
from skafd.tui.opening import first_paint
from tests.support import scenes
from tests.support.fake_backend import FakeBackend

_CODES = re.compile(r"\x1b\[[0-9;]*m")


@pytest.fixture
def mirror(backend: FakeBackend) -> Mirror:
    return Mirror().merged(asdict(backend.status()))


@pytest.mark.parametrize(("columns", "lines", "size"), [(120, 30, "wide"), (80, 24, "narrow")])
def test_it_is_the_list_that_comes_after_it(mirror: Mirror, columns: int, lines: int, size: str) -> None:
    drawn = _CODES.sub("", first_paint(mirror, os.terminal_size((columns, lines)), scenes.NOW)).split("\r\n")
    snapshot = Path(f"tests/snapshots/screen/machine-{size}.txt").read_text().splitlines()
    list_columns = 76 if size == "wide" else 80
    expected = [line[:list_columns].rstrip() for line in snapshot[1 : len(drawn)]]
    assert [line.rstrip() for line in drawn[1:]] == expected


def test_it_fits_a_small_terminal(mirror: Mirror) -> None:
    assert first_paint(mirror, os.terminal_size((80, 10)), scenes.NOW).count("\r\n") <= 9


def test_colours_can_be_forbidden(mirror: Mirror, monkeypatch: pytest.MonkeyPatch) -> None:
    size = os.terminal_size((80, 24))
    monkeypatch.delenv("NO_COLOR", raising=False)
    assert "\x1b[" in first_paint(mirror, size, scenes.NOW)
    monkeypatch.setenv("NO_COLOR", "1")
    assert "\x1b[" not in first_paint(mirror, size, scenes.NOW)


def test_it_loads_nothing_that_takes_long() -> None:
    code = "import skafd.tui.opening, sys; print(sorted({'textual', 'rich.console', 'pydantic'} & {*sys.modules}))"
    assert subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True).stdout == "[]\n"
