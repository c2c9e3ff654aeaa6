from __future__ import annotations

import os
import threading
from pathlib import Path

import psutil
import pytest

from skafd.environments.build import Build, BuildCancelled, mask_credentials
from skafd.errors import BuildError
from tests.support.collector import Collector


def build(folder: Path, lines: Collector[str], timeout_seconds: float = 60) -> Build:
    return Build(folder, dict(os.environ), lines, threading.Event(), timeout_seconds)


@pytest.fixture
def lines() -> Collector[str]:
    return Collector()


def test_lines_are_passed_on_as_they_come(tmp_path: Path, lines: Collector[str]) -> None:
    build(tmp_path, lines).run(["sh", "-c", "echo one; echo two >&2; pwd"])
    assert lines.items == ["one", "two", str(tmp_path)]


def test_a_failure_says_the_last_lines(tmp_path: Path, lines: Collector[str]) -> None:
    with pytest.raises(BuildError) as caught:
        build(tmp_path, lines).run(["sh", "-c", "seq 1 100; echo no such package; exit 1"])
    assert caught.value.message.splitlines()[-2:] == ["100", "no such package"]
    assert len(caught.value.message.splitlines()) == 21


def test_credentials_are_shown_to_nobody(tmp_path: Path, lines: Collector[str]) -> None:
    with pytest.raises(BuildError) as caught:
        build(tmp_path, lines).run(["sh", "-c", "echo looking at https://me:secret@example.org/simple; exit 1"])
    assert "secret" not in caught.value.message
    assert lines.items == ["looking at https://****@example.org/simple"]


def test_masking_leaves_other_text_alone() -> None:
    text = "see https://example.org/a@b and mail me@example.org"
    assert mask_credentials(text) == text


def test_a_build_that_takes_too_long_is_ended_with_all_its_processes(tmp_path: Path, lines: Collector[str]) -> None:
    with pytest.raises(BuildError, match="not built within"):
        build(tmp_path, lines, timeout_seconds=0.5).run(["sh", "-c", "sleep 1000 & echo $!; trap '' TERM; wait"])
    assert not is_running(int(lines.items[0]))


def test_a_cancelled_build_is_ended_with_all_its_processes(tmp_path: Path, lines: Collector[str]) -> None:
    work = build(tmp_path, lines)
    canceller = threading.Thread(target=lambda: (lines.wait_for(1), work.cancelled.set()))
    canceller.start()
    with pytest.raises(BuildCancelled):
        work.run(["sh", "-c", "sleep 1000 & echo $!; wait"])
    canceller.join()
    assert not is_running(int(lines.items[0]))


def is_running(pid: int) -> bool:
    """Orphans go to init, which may take its time to collect them: a zombie has ended."""
    return psutil.pid_exists(pid) and psutil.Process(pid).status() != psutil.STATUS_ZOMBIE
