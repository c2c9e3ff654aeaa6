"""A save that only want of room kept from going live is tried again, once there is room."""

from __future__ import annotations

import threading
from pathlib import Path

import pytest

from skafd.daemon import postponed
from skafd.daemon.postponed import Postponed

CHURN = Path("/projects/churn")
PATIENCE_SECONDS = 60.0


class Disk:
    """Says what is short, as often as it is asked."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.shortage = "room"
        self.asked = threading.Semaphore(0)
        monkeypatch.setattr(postponed, "shortage_of", self._look)
        monkeypatch.setattr(postponed, "_LOOK_SECONDS", 0.01)

    def _look(self, _: Path) -> str:
        self.asked.release()
        return self.shortage


@pytest.fixture
def disk(monkeypatch: pytest.MonkeyPatch) -> Disk:
    return Disk(monkeypatch)


def test_it_waits_for_room_and_is_deployed_once(disk: Disk, tmp_path: Path) -> None:
    deployed: list[Path] = []
    is_deployed = threading.Event()

    def deploy(folder: Path) -> None:
        deployed.append(folder)
        is_deployed.set()

    waiting = Postponed(tmp_path, deploy)
    waiting.add(CHURN)
    waiting.add(CHURN)
    for _ in range(6):
        assert disk.asked.acquire(timeout=PATIENCE_SECONDS)
    assert deployed == []
    disk.shortage = ""
    assert is_deployed.wait(PATIENCE_SECONDS)
    waiting.close()
    assert deployed == [CHURN]


def test_one_that_is_refused_again_is_tried_again(disk: Disk, tmp_path: Path) -> None:
    """The disk looks well, and the database refuses all the same."""
    disk.shortage = ""
    tries = threading.Semaphore(0)

    def refuse(folder: Path) -> None:
        tries.release()
        waiting.add(folder)

    waiting = Postponed(tmp_path, refuse)
    waiting.add(CHURN)
    for _ in range(3):
        assert tries.acquire(timeout=PATIENCE_SECONDS)
    waiting.close()


def test_one_that_went_live_in_another_way_is_forgotten(disk: Disk, tmp_path: Path) -> None:
    deployed: list[Path] = []
    waiting = Postponed(tmp_path, deployed.append)
    waiting.add(CHURN)
    waiting.forget(CHURN)
    disk.shortage = ""
    for thread in threading.enumerate():
        if thread.name == "postponed":
            thread.join(PATIENCE_SECONDS)
    assert deployed == []


def test_nothing_is_tried_after_the_end(disk: Disk, tmp_path: Path) -> None:
    deployed: list[Path] = []
    waiting = Postponed(tmp_path, deployed.append)
    waiting.close()
    disk.shortage = ""
    waiting.add(CHURN)
    assert deployed == []
