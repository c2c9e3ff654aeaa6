"""Waiting for what became of a save."""

from __future__ import annotations

import threading
from pathlib import Path

import pytest

from skafd.api.shapes import FolderResult
from skafd.daemon.outcomes import Outcomes
from skafd.errors import DaemonUnreachable

HERE, THERE = Path("/here"), Path("/there")


def result(text: str) -> FolderResult:
    return FolderResult("/here", "here", "deployed", 1, text, [])


def test_the_newest_after_the_question_is_the_answer() -> None:
    outcomes = Outcomes()
    outcomes.put(HERE, result("old"))
    before = outcomes.count
    said: list[str] = []
    waiting = threading.Thread(target=lambda: said.append(outcomes.wait_for(HERE, before).text))
    waiting.start()
    outcomes.put(THERE, result("elsewhere"))
    outcomes.put(HERE, result("new"))
    waiting.join()
    assert said == ["new"]


def test_nobody_waits_longer_than_the_daemon_lives() -> None:
    outcomes = Outcomes()
    outcomes.put(HERE, result("done"))
    outcomes.close()
    assert outcomes.wait_for(HERE, 0).text == "done"
    with pytest.raises(DaemonUnreachable, match="stopped"):
        outcomes.wait_for(THERE, 0)
