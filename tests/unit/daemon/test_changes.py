"""Waiting until something has changed."""

from __future__ import annotations

import threading

from skafd.daemon.changes import Changes
from skafd.model.ids import ProjectId


def test_whoever_waits_for_what_has_happened_does_not_wait() -> None:
    changes = Changes()
    changes.announce()
    assert changes.wait(0, seconds=60) == 1
    assert changes.wait(-1, seconds=60) == 1


def test_everybody_is_woken() -> None:
    changes = Changes()
    seen: list[int] = []
    waiting = [threading.Thread(target=lambda: seen.append(changes.wait(0, seconds=60))) for _ in range(3)]
    for thread in waiting:
        thread.start()
    changes.announce()
    for thread in waiting:
        thread.join()
    assert seen == [1, 1, 1]


def test_what_is_written_of_a_project_is_as_old_as_its_last_change() -> None:
    changes = Changes()
    changes.announce([ProjectId("a")])
    changes.announce(())
    assert (changes.number, changes.written_of(ProjectId("a")), changes.written_of(ProjectId("b"))) == (2, 1, 0)
    changes.announce()
    assert changes.written_of(ProjectId("a")) == changes.written_of(ProjectId("b")) == 3


def test_nobody_waits_for_ever() -> None:
    assert Changes().wait(0, seconds=0) == 0
