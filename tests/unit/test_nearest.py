"""What is said to somebody who mistyped a name."""

from __future__ import annotations

from skafd.nearest import hint_for


def test_the_nearest_name_comes_first() -> None:
    assert hint_for("Trian", ["ingest", "Train"], "its jobs") == "did you mean Train? its jobs: ingest, Train"


def test_what_is_near_to_nothing_gets_the_names() -> None:
    assert hint_for("x", ["ingest", "train"], "its jobs") == "its jobs: ingest, train"


def test_of_very_many_only_some_are_listed() -> None:
    names = [f"p{number:03}" for number in range(500)]
    hint = hint_for("p0007", names, "known projects")
    assert hint.startswith("did you mean p007? known projects: p000, p001")
    assert hint.endswith("p009 and 490 more")
