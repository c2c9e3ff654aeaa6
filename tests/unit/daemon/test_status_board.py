"""What is known of every project, looked up anew only where something changed."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from skafd.daemon.changes import Changes
from skafd.daemon.status_board import StatusBoard
from skafd.daemon.statuses import Notes
from skafd.model.ids import ProjectId
from skafd.store import Database
from tests.support.stored import NOON, add_churn


class Looked:
    """A board over two projects, and what a screen that asks again and again is told."""

    def __init__(self, database: Database) -> None:
        self.database = database
        self.changes = Changes()
        self.notes: dict[Path, Notes] = {}
        self.board = StatusBoard(self.changes, lambda folder: self.notes.get(folder, Notes()), lambda *_: None)
        self._seen = -1

    def told(self) -> list[str]:
        """The folders of those that changed since it was asked last."""
        number = self.changes.number
        projects, _ = self.board.all(self.database, self._seen)
        self._seen = number
        return [project.path for project in projects]


@pytest.fixture
def looked(database: Database) -> Looked:
    add_churn(database, Path("/srv/one"))
    with database.transaction() as writer:
        writer.add_project(Path("/srv/two"), "two", None, NOON)
    return Looked(database)


def _id_of(database: Database, folder: str) -> ProjectId:
    with database.reader() as reader:
        return reader.find_project(folder).id


def test_all_are_told_at_first_and_then_only_what_changed(looked: Looked) -> None:
    assert sorted(looked.told()) == ["/srv/one", "/srv/two"]
    assert looked.told() == []
    with looked.database.transaction() as writer:
        writer.set_problem(_id_of(looked.database, "/srv/two"), {"stage": "config", "at": "", "text": "x"})
    looked.changes.announce([_id_of(looked.database, "/srv/two")])
    assert looked.told() == ["/srv/two"]


def test_what_is_written_nowhere_is_told_without_asking_the_database(
    looked: Looked, monkeypatch: pytest.MonkeyPatch
) -> None:
    looked.told()
    monkeypatch.setattr(looked.database, "reader", lambda: pytest.fail("the database was asked"))
    looked.notes[Path("/srv/one")] = Notes(warnings=("cpu 64 is more than there is",))
    looked.changes.announce(())
    assert looked.told() == ["/srv/one"]
    looked.changes.announce(())
    assert looked.told() == []


def test_a_project_that_did_not_change_is_the_same_object(looked: Looked) -> None:
    first, _ = looked.board.all(looked.database)
    looked.changes.announce()
    again, _ = looked.board.all(looked.database)
    assert all(one is other for one, other in zip(first, again, strict=True))


def test_a_new_project_is_told_and_one_that_is_gone_is_named_no_more(looked: Looked) -> None:
    looked.told()
    with looked.database.transaction() as writer:
        three = writer.add_project(Path("/srv/three"), "three", None, NOON).id
    looked.changes.announce([three])
    assert looked.told() == ["/srv/three"]
    with looked.database.transaction() as writer:
        writer.forget_project(three)
    looked.changes.announce()
    projects, names = looked.board.all(looked.database)
    assert len(projects) == len(names) == 2
    assert replace(projects[0]) == projects[0]
