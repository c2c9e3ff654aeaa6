"""Real files in real folders: when they are told, and how often."""

from __future__ import annotations

import threading
from collections.abc import Callable, Hashable, Iterator, Mapping
from contextlib import AbstractContextManager
from functools import partial
from pathlib import Path

import pytest

from skafd.errors import StoreError
from skafd.inbox.arrivals import Arrivals
from skafd.inbox.pattern import Pattern
from skafd.inbox.watcher import Inbox, InboxWatcher
from skafd.sandbox.acting_as import acting_as
from tests.support.users import needs_users, open_passage, some_user

PATIENCE_SECONDS = 60.0


class Told:
    """What the watcher told, in order."""

    def __init__(self) -> None:
        self.files: list[str] = []
        self.failures = 0
        self._condition = threading.Condition()

    def __call__(self, _key: Hashable, files: Mapping[str, str]) -> None:
        with self._condition:
            if self.failures:
                self.failures -= 1
                raise StoreError("the disk is full")
            self.files += [Path(path).name for path in sorted(files)]
            self._condition.notify_all()

    def wait_for(self, condition: Callable[[list[str]], bool]) -> list[str]:
        with self._condition:
            assert self._condition.wait_for(lambda: condition(self.files), PATIENCE_SECONDS), self.files
            return list(self.files)


@pytest.fixture
def told() -> Told:
    return Told()


@pytest.fixture
def watcher(told: Told) -> Iterator[InboxWatcher]:
    watcher = InboxWatcher(told)
    yield watcher
    watcher.close()


def inbox(folder: Path, text: str = "*.csv", stable_seconds: float = 0.2) -> Inbox:
    return Inbox("key", Pattern.of(text, folder), Arrivals(stable_seconds, {}))


def test_what_is_there_and_what_comes_is_told_once(tmp_path: Path, watcher: InboxWatcher, told: Told) -> None:
    (tmp_path / "before.csv").write_text("1")
    watcher.put(inbox(tmp_path))
    told.wait_for(lambda files: files == ["before.csv"])
    (tmp_path / "after.csv").write_text("1")
    (tmp_path / "other.txt").write_text("1")
    told.wait_for(lambda files: files == ["before.csv", "after.csv"])
    (tmp_path / "before.csv").write_text("changed")
    told.wait_for(lambda files: files == ["before.csv", "after.csv", "before.csv"])


def test_a_file_that_is_being_written_is_told_when_it_is_complete(
    tmp_path: Path, watcher: InboxWatcher, told: Told
) -> None:
    watcher.put(inbox(tmp_path, stable_seconds=1.0))
    with (tmp_path / "slow.csv").open("w") as slow:
        for _ in range(20):
            slow.write("a line\n")
            slow.flush()
            assert not threading.Event().wait(0.1)
            assert told.files == []
    (tmp_path / "quick.csv.tmp").write_text("all of it")
    (tmp_path / "quick.csv.tmp").rename(tmp_path / "quick.csv")
    assert sorted(told.wait_for(lambda files: len(files) >= 2)) == ["quick.csv", "slow.csv"]


def test_a_folder_may_come_later_and_go(tmp_path: Path, watcher: InboxWatcher, told: Told) -> None:
    watcher.put(inbox(tmp_path / "later", "**/*.csv"))
    (tmp_path / "later" / "deep").mkdir(parents=True)
    (tmp_path / "later" / "deep" / "a.csv").write_text("1")
    told.wait_for(lambda files: files == ["a.csv"])
    (tmp_path / "later").rename(tmp_path / "gone")
    (tmp_path / "later").mkdir()
    (tmp_path / "later" / "b.csv").write_text("1")
    told.wait_for(lambda files: files == ["a.csv", "b.csv"])


def test_what_could_not_be_written_down_is_told_again(
    tmp_path: Path, watcher: InboxWatcher, told: Told, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("skafd.inbox.watcher._AGAIN_SECONDS", 0.1)
    told.failures = 2
    (tmp_path / "a.csv").write_text("1")
    watcher.put(inbox(tmp_path))
    assert told.wait_for(lambda files: len(files) >= 1) == ["a.csv"]
    assert told.failures == 0


def test_nothing_is_told_of_what_is_not_waited_for_any_more(tmp_path: Path, watcher: InboxWatcher, told: Told) -> None:
    one, other = tmp_path / "one", tmp_path / "other"
    for folder in (one, other):
        folder.mkdir()
    watcher.put(inbox(one))
    watcher.remove("key")
    watcher.put(Inbox("other", Pattern.of("*.csv", other), Arrivals(0.1, {})))
    (one / "a.csv").write_text("1")
    (other / "b.csv").write_text("1")
    assert told.wait_for(lambda files: len(files) >= 1) == ["b.csv"]


@pytest.mark.parametrize("error", [OSError("folders without end"), RuntimeError("a fault")])
def test_an_inbox_that_cannot_be_looked_at_holds_up_no_other(
    tmp_path: Path, watcher: InboxWatcher, told: Told, error: Exception
) -> None:
    looked = threading.Event()

    def refuse() -> AbstractContextManager[None]:
        looked.set()
        raise error

    for name in ("deep", "other"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "a.csv").write_text("1")
    watcher.put(Inbox("deep", Pattern.of("*.csv", tmp_path / "deep"), Arrivals(0.1, {}), refuse))
    assert looked.wait(PATIENCE_SECONDS)
    watcher.put(Inbox("other", Pattern.of("*.csv", tmp_path / "other"), Arrivals(0.1, {})))
    told.wait_for(lambda files: files == ["a.csv"])


@needs_users
@pytest.mark.needs_root
def test_files_that_its_user_may_not_see_do_not_arrive(tmp_path: Path, watcher: InboxWatcher, told: Told) -> None:
    open_passage(tmp_path)
    for name, mode in (("closed", 0o700), ("open", 0o755)):
        (tmp_path / name).mkdir()
        (tmp_path / name / f"{name}.csv").write_text("1")
        (tmp_path / name).chmod(mode)
    pattern = Pattern.of("*/*.csv", tmp_path)
    tmp_path.chmod(0o755)
    watcher.put(Inbox("hers", pattern, Arrivals(0.1, {}), partial(acting_as, some_user())))
    assert told.wait_for(bool) == ["open.csv"]
