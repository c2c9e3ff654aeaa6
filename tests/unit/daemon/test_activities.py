"""What a screen is told of a large tree that is copied."""

from __future__ import annotations

from pathlib import Path

import pytest

from skafd.daemon import activities
from skafd.daemon.activities import Activities, text_of
from skafd.daemon.changes import Changes

FOLDER = Path("/srv/churn")


@pytest.fixture
def at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(activities, "_WORTH_SAYING_SECONDS", 0.0)
    monkeypatch.setattr(activities, "_SHORTEST_SECONDS", 0.0)


@pytest.mark.usefixtures("at_once")
def test_how_many_files_are_copied_is_said_until_all_are() -> None:
    told = Activities(Changes())
    told.copied(FOLDER, 1000, 4000)
    shown = told.of(FOLDER)
    assert shown is not None
    assert (text_of(shown), shown.percent) == ("copying files: 1,000 of 4,000", 25)
    told.copied(FOLDER, 4000, 4000)
    assert told.of(FOLDER) is None


def test_a_small_tree_is_not_worth_a_word() -> None:
    changes = Changes()
    told = Activities(changes)
    for number in range(1, 11):
        told.copied(FOLDER, number, 10)
        assert told.of(FOLDER) is None
    assert changes.number == 0


@pytest.mark.usefixtures("at_once")
def test_a_copy_that_was_given_up_is_shown_no_more() -> None:
    told = Activities(Changes())
    told.copied(FOLDER, 1, 10)
    told.copied(FOLDER, 0, 0)
    assert told.of(FOLDER) is None


@pytest.mark.usefixtures("at_once")
def test_a_build_that_goes_on_is_shown_rather_than_the_copy_of_the_next_save() -> None:
    told = Activities(Changes())
    with told.building(FOLDER):
        told.copied(FOLDER, 1, 10)
        assert text_of(told.of(FOLDER)) == "preparing environment"  # type: ignore[arg-type]
        told.copied(FOLDER, 10, 10)
        assert told.of(FOLDER) is not None
