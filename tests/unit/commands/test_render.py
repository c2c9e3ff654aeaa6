"""What people see, kept as text files in tests/snapshots: on 80 and 140 columns, and in a pipe.

SKAFD_SNAPSHOTS=write writes them anew; read the difference before committing it.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as some
from rich.cells import cell_len
from rich.console import Console
from rich.text import Text

from skafd.commands.render.findings import render_findings
from skafd.commands.render.runs import render_deployments, render_runs
from skafd.commands.render.show import render_run
from skafd.commands.render.status import render_status
from skafd.commands.terminal import plain
from skafd.looks.columns import table, wrapped
from skafd.looks.tree import job_tree
from tests.support import scenes

SNAPSHOTS = Path("tests/snapshots")
FINDINGS = [
    {"topic": "limits", "severity": "ok", "says": "cgroup v1: memory, cpu and pids", "advice": None},
    {
        "topic": "java",
        "severity": "warning",
        "says": "no Java was found, so that projects which ask for a Spark cluster cannot be deployed on this machine",
        "advice": "install Java 17: apt install openjdk-17-jre-headless",
    },
]
SCENES: dict[str, Callable[[int | None], Text]] = {
    "status-nothing-yet": lambda width: render_status(scenes.nothing_yet(), width, scenes.NOW),
    "status-busy-morning": lambda width: render_status(scenes.busy_morning(), width, scenes.NOW),
    "status-unprotected": lambda width: render_status(scenes.unprotected(), width, scenes.NOW),
    "show-killed-by-memory": lambda width: render_run(scenes.killed_by_memory(), width, scenes.NOW),
    "runs": lambda width: render_runs(scenes.some_runs(), width, scenes.NOW),
    "deployments": lambda width: render_deployments(scenes.some_deployments(), width, scenes.NOW),
    "doctor": lambda width: render_findings(FINDINGS, width),
}


@pytest.fixture(autouse=True)
def _viewer_in_utc(monkeypatch: pytest.MonkeyPatch) -> None:
    import time

    monkeypatch.setenv("TZ", "UTC")
    time.tzset()


@pytest.mark.parametrize("width", [80, 140, None], ids=["80", "140", "pipe"])
@pytest.mark.parametrize("scene", SCENES)
def test_looks_like_its_snapshot(scene: str, width: int | None) -> None:
    seen = plain(SCENES[scene](width)) + "\n"
    path = SNAPSHOTS / f"{scene}-{width or 'pipe'}.txt"
    if os.environ.get("SKAFD_SNAPSHOTS") == "write":
        path.write_text(seen)
    assert seen == path.read_text()


@pytest.mark.parametrize("width", [40, 80, 140])
def test_no_line_of_the_status_is_wider_than_the_terminal(width: int) -> None:
    for line in plain(render_status(scenes.busy_morning(), width, scenes.NOW)).splitlines():
        assert cell_len(line) <= width


def test_in_a_pipe_a_failure_is_one_line_with_its_reason() -> None:
    lines = plain(render_status(scenes.busy_morning(), None, scenes.NOW)).splitlines()
    [line] = [line for line in lines if "oom_killed" in line]
    assert "train" in line
    assert "try memory: 128Mi" in line


def test_colours_can_be_forbidden(monkeypatch: pytest.MonkeyPatch) -> None:
    text = render_status(scenes.busy_morning(), 80, scenes.NOW)
    assert "\x1b[" in drawn(text)
    monkeypatch.setenv("NO_COLOR", "1")
    assert "\x1b[3" not in drawn(text)
    assert "\x1b[9" not in drawn(text)


def drawn(text: Text) -> str:
    console = Console(force_terminal=True, width=80, highlight=False, color_system="truecolor")
    with console.capture() as capture:
        console.print(text, soft_wrap=True)
    return capture.get()


@some.composite
def graphs(draw: some.DrawFn) -> list[dict[str, Any]]:
    size = draw(some.integers(1, 9))
    return [
        {
            "id": str(number),
            "name": f"job {number}",
            "dependencies": draw(some.lists(some.sampled_from([*map(str, range(number)), "gone"]), unique=True)),
            "instances": 1,
        }
        for number in range(size)
    ]


@given(graphs())
def test_the_tree_shows_each_job_once_below_a_dependency(jobs: list[dict[str, Any]]) -> None:
    shown = [job["id"] for _, job in job_tree(jobs)]
    assert sorted(shown) == sorted(job["id"] for job in jobs)
    for job in jobs:
        for dependency in job["dependencies"]:
            if dependency != "gone":
                assert shown.index(dependency) < shown.index(job["id"]) or len(job["dependencies"]) > 1


@given(some.lists(some.text(max_size=30), min_size=1, max_size=4), some.integers(20, 60))
def test_a_table_never_exceeds_its_width(names: list[str], width: int) -> None:
    names = [name.translate({ord(c): "x" for c in name if not c.isprintable()}) for name in names]
    for line in table(("A", "B"), [(name, name[::-1]) for name in names], width):
        assert cell_len(line.plain) <= width


@given(some.text(alphabet="ab ", max_size=200), some.integers(20, 60))
def test_wrapping_keeps_every_word(text: str, width: int) -> None:
    lines = [line.plain for line in wrapped(text, width, "  ")]
    assert "".join("".join(lines).split()) == "".join(text.split())
    assert all(len(line) <= max(22, width) for line in lines)


def test_a_machine_that_starts_nothing_says_why() -> None:
    status = {**scenes.nothing_yet(), "trouble": "waits for room on the disk of /s: 3Mi free, 16Mi needed"}
    shown = render_status(status, 100, scenes.NOW).plain
    assert "✗ nothing new is started: skafd waits for room on the disk of /s: 3Mi free, 16Mi needed" in shown
