"""Crash points kill exactly where and when they are told to, and cost nothing otherwise."""

from __future__ import annotations

import signal
import subprocess
import sys
from pathlib import Path

import pytest

from skafd import crash
from skafd.store.purpose import Purpose

PROGRAM = """\
from skafd import crash
@crash.around("step")
def step(number):
    print("step", number, flush=True)
for number in range(5):
    step(number)
print("done", flush=True)
"""


def run(**environment: str) -> tuple[int, list[str]]:
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM], env=environment, capture_output=True, text=True, check=False, timeout=60
    )
    return done.returncode, done.stdout.splitlines()


@pytest.mark.parametrize(
    ("point", "steps"), [("step.before", 0), ("step.after", 1), ("step.before:3", 2), ("step.after:3", 3)]
)
def test_a_process_dies_at_the_point_it_was_told(point: str, steps: int) -> None:
    code, said = run(SKAFD_CRASH_AT=point)
    assert code == -signal.SIGKILL
    assert said == [f"step {number}" for number in range(steps)]


def test_it_lives_where_nothing_or_something_else_was_told() -> None:
    for environment in ({}, {"SKAFD_CRASH_AT": "other.before"}, {"SKAFD_CRASH_AT": "step.after:6"}):
        code, said = run(**environment)
        assert (code, said[-1]) == (0, "done")


def test_with_a_mark_only_the_first_process_dies(tmp_path: Path) -> None:
    mark = tmp_path / "mark"
    told = {"SKAFD_CRASH_AT": "step.after:2", "SKAFD_CRASH_MARK": str(mark)}
    assert run(**told)[0] == -signal.SIGKILL
    assert mark.read_text().startswith("step.after ")
    assert run(**told)[0] == 0


def test_a_trace_has_each_point_once_and_nobody_dies(tmp_path: Path) -> None:
    trace = tmp_path / "trace"
    assert run(SKAFD_CRASH_TRACE=str(trace))[0] == 0
    assert trace.read_text().splitlines() == ["step.before", "step.after"]


def test_nothing_is_wrapped_when_nothing_is_asked_for() -> None:
    def function() -> None:
        pass

    assert crash.around("a-test")(function) is function
    crash.reach("a-test.before")


def test_every_purpose_of_a_transaction_has_its_points() -> None:
    known = crash.points()
    assert {f"transaction.{purpose}.{side}" for purpose in Purpose for side in ("before", "after")} <= set(known)
    assert "snapshot.place.before" in known
