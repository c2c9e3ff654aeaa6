"""Which paths a pattern finds."""

from __future__ import annotations

import threading
from pathlib import Path
from queue import Queue

import pytest

from skafd.daemon.lookups import Lookups, find_paths
from skafd.errors import Refused
from skafd.model.decisions import ItemsFound, ItemsWanted
from skafd.model.ids import JobId, RunKey
from skafd.sandbox.removing import remove
from skafd.threads import Threads
from tests.support.deep_folders import make_deep
from tests.support.users import give_folder, needs_users, open_passage, some_user
from tests.support.world import CHURN


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


def test_folders_without_end_are_said_to_be_that(tmp_path: Path) -> None:
    (tmp_path / "data").mkdir()
    make_deep(tmp_path / "data")
    try:
        with pytest.raises(OSError, match="without end"):
            find_paths("data/**", tmp_path / "snapshot", tmp_path, ("data",))
    finally:
        # What comes after the tests does not get so deep either.
        remove(str(tmp_path / "data"))


@needs_users
@pytest.mark.needs_root
def test_of_what_links_lead_to_is_found_what_the_user_may_list(tmp_path: Path) -> None:
    open_passage(tmp_path)
    snapshot, live, roots, shared = (tmp_path / name for name in ("snapshot", "live", "roots", "shared"))
    _touch(snapshot, "code.py", "in/b.csv")
    _touch(roots, "secret.csv")
    _touch(shared, "open.csv")
    live.mkdir()
    for name, target in (("hers", roots), ("data", shared), ("snapped", roots), ("also", shared)):
        (live / name).symlink_to(target)
    for name, target in (("snapped", roots), ("also", shared), ("inner", Path("in"))):
        (snapshot / name).symlink_to(target)
    snapshot.chmod(0o700)
    roots.chmod(0o700)
    user = some_user()
    give_folder(live, user.uid)
    found = find_paths("*/*.csv", snapshot, live, ("hers", "data"), user)
    assert found == ("also/open.csv", "data/open.csv", "in/b.csv", "inner/b.csv")
    assert find_paths("snapped/secret.csv", snapshot, live, (), user) == ()


def test_whoever_looks_for_long_holds_nobody_up_and_is_asked_once() -> None:
    told: Queue[ItemsFound] = Queue()
    lookups, may_end = Lookups(Threads("aside"), told.put), threading.Event()
    slow, quick = (ItemsWanted(RunKey(CHURN, number), JobId("each"), "data/*") for number in (1, 2))
    asked = []

    def look_up() -> tuple[str, ...]:
        asked.append(slow)
        may_end.wait()
        return ("data/a",)

    lookups.begin(slow, look_up)
    lookups.begin(slow, look_up)
    lookups.begin(quick, lambda: ("data/b",))
    assert told.get() == ItemsFound(quick.run, quick.job, ("data/b",))
    may_end.set()
    assert told.get() == ItemsFound(slow.run, slow.job, ("data/a",))
    assert asked == [slow]


@pytest.mark.parametrize("error", [OSError("it is gone"), Refused("not yours"), RuntimeError("a fault")])
def test_what_cannot_be_looked_up_is_answered_too(error: Exception) -> None:
    told: Queue[ItemsFound] = Queue()

    def look_up() -> tuple[str, ...]:
        raise error

    Lookups(Threads("aside"), told.put).begin(ItemsWanted(RunKey(CHURN, 1), JobId("each"), "data/*"), look_up)
    assert told.get().problem == f"data/* cannot be looked up: {error}"
