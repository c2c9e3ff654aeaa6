from __future__ import annotations

import sys
import threading
from pathlib import Path

from skafd.environments.build import Build
from skafd.environments.progress import Measure, Screen, Unit
from skafd.environments.runner import Hears
from tests.support.collector import Collector

DRAWS = r"""
import sys
assert sys.stderr.isatty()
def frame(text):
    sys.stderr.write("\r\x1b[2K" + text)
    sys.stderr.flush()
frame("⠋ Preparing packages... (0/2)   torch   ----------    1.50 MiB/6.00 MiB   six   ---- 1.00 MiB/2.00 MiB")
frame("⠙ Preparing packages... (1/2)   torch   ----------    4.00 MiB/6.00 MiB")
frame("██████░░░░ [1/2] torch==2.1")
print("\rInstalled 2 packages in 7ms")
sys.stderr.write("  ╰─▶ No solution found\n")
"""


def test_what_is_drawn_on_a_terminal_becomes_percents_and_the_rest_stays_lines(tmp_path: Path) -> None:
    lines: Collector[str] = Collector()
    measures: Collector[Measure] = Collector()
    build = Build(tmp_path, {}, lines, threading.Event(), measured=measures)
    build.run([sys.executable, "-I", "-X", "utf8", "-c", DRAWS], Hears.SCREEN)
    mebi = 2**20
    assert measures.items == [
        Measure("downloading torch, six", 5 * mebi // 2, 8 * mebi, Unit.BYTES),
        Measure("downloading torch", 6 * mebi, 8 * mebi, Unit.BYTES),
        Measure("installing", 1, 2, Unit.PACKAGES),
    ]
    assert [measure.percent for measure in measures.items] == [31, 75, 50]
    assert lines.items == ["Installed 2 packages in 7ms", "  ╰─▶ No solution found"]


def test_lines_may_come_in_pieces_and_the_last_one_without_an_end() -> None:
    screen = Screen()
    said = [one for text in ("inst", "alled 3 of 8: al", "pha\r\nthe", " end", "\n") for one in screen.take(text)]
    assert said == ["installed 3 of 8: alpha", Measure("installing", 3, 8, Unit.PACKAGES), "the end"]
