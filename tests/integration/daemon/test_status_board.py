"""What a screen asks again and again: read anew only where something changed."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from skafd.api.shapes import ProjectStatus
from skafd.daemon.status_board import StatusBoard
from skafd.daemon.statuses import Notes
from skafd.model.project import Job, Schedule
from tests.support.daemonized import CHURN, Daemonized, job

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)


@pytest.fixture
def daemon() -> Iterator[Daemonized]:
    with Daemonized() as daemon:
        yield daemon


class Looking:
    """A board whose notes and next times can be set."""

    def __init__(self, daemon: Daemonized) -> None:
        self.daemon = daemon
        self.notes = Notes()
        self.next_at: datetime | None = None
        self.board = StatusBoard(daemon.changes, self._notes_of, lambda _project, _job: self.next_at)

    def _notes_of(self, _folder: Path) -> Notes:
        return self.notes

    def changed(self, after: int = -1) -> list[ProjectStatus]:
        projects, names = self.board.all(self.daemon.database, after)
        assert names == ["churn"]
        return projects


def _scheduled(**changes: object) -> Job:
    return job("ledger", schedules=(Schedule("@hourly"),), **changes)


def test_what_a_run_did_is_shown_and_nothing_when_nothing_changed(daemon: Daemonized) -> None:
    daemon.deploy(_scheduled())
    looking = Looking(daemon)
    [before] = looking.changed()
    seen = daemon.changes.number
    assert looking.changed(seen) == []
    daemon.run()
    daemon.wait_for("the run to end", lambda: not daemon.alive())
    [after] = looking.changed(seen)
    assert before.jobs[0].state is None
    assert after.jobs[0].run == "churn/1"


def test_what_is_written_nowhere_is_always_asked(daemon: Daemonized) -> None:
    daemon.deploy(_scheduled())
    looking = Looking(daemon)
    looking.changed()
    seen = daemon.changes.number
    looking.notes, looking.next_at = Notes("building environment", warnings=("no limits",)), NOON
    daemon.changes.announce(())
    [now] = looking.changed(seen)
    shown = (now.activity, now.warnings, now.jobs[0].next_at)
    assert shown == ("building environment", ["no limits"], NOON.isoformat())


def test_a_pause_and_a_new_version_are_seen(daemon: Daemonized) -> None:
    daemon.deploy(_scheduled())
    looking = Looking(daemon)
    looking.changed()
    daemon.put(lambda writer: writer.pause(CHURN, None, NOON) or ())
    assert looking.changed()[0].jobs[0].paused
    daemon.deploy(_scheduled(), job("more"), version="two")
    [now] = looking.changed()
    assert now.deployment is not None
    assert (now.deployment.number, [each.name for each in now.jobs]) == (2, ["ledger", "more"])
