"""Which paths a pattern finds."""

from __future__ import annotations

from pathlib import Path

from skafd.daemon.lookups import find_paths


def _touch(folder: Path, *names: str) -> None:
    for name in names:
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).touch()


def test_paths_of_the_snapshot_and_of_what_is_linked(tmp_path: Path) -> None:
    snapshot, live = tmp_path / "snapshot", tmp_path / "live"
    _touch(snapshot, "in/b.csv", "in/.hidden.csv", "code.py")
    _touch(live, "in/new.csv", "data/deep/c.csv", "data/a.csv", "other/d.csv")
    assert find_paths("in/*.csv", snapshot, live, ("data",)) == ("in/b.csv",)
    assert find_paths("**/*.csv", snapshot, live, ("data",)) == ("data/a.csv", "data/deep/c.csv", "in/b.csv")
    assert find_paths("nothing*", snapshot, live, ()) == ()
