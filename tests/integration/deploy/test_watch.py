from __future__ import annotations

import errno
import os
import shutil
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from watchdog.observers.inotify_c import InotifyFD

from skafd.deploy import watch
from skafd.deploy.watch import Mode, Watcher
from tests.integration.deploy.conftest import Watched
from tests.support.collector import Collector
from tests.support.project_folder import make_project


@pytest.fixture
def settled() -> Collector[Path]:
    return Collector()


@pytest.fixture
def watcher(settled: Collector[Path]) -> Iterator[Watcher]:
    watcher = Watcher(settled, poll_seconds=0.05)
    yield watcher
    watcher.close()


def test_new_sub_folders_are_watched(watched: Watched) -> None:
    (watched.project / "a" / "b").mkdir(parents=True)
    assert watched.settle_count() == 1
    (watched.project / "a" / "b" / "c.py").touch()
    assert watched.settle_count() == 2


def test_a_folder_moved_in_is_watched_with_all_below_it(watched: Watched, tmp_path: Path) -> None:
    (tmp_path / "elsewhere" / "deep").mkdir(parents=True)
    (tmp_path / "elsewhere").rename(watched.project / "here")
    assert watched.settle_count() == 1
    (watched.project / "here" / "deep" / "x.py").touch()
    assert watched.settle_count() == 2


def test_a_renamed_folder_is_watched_under_its_new_name(watched: Watched) -> None:
    (watched.project / "a" / "b").mkdir(parents=True)
    assert watched.settle_count() == 1
    (watched.project / "a").rename(watched.project / "z")
    assert watched.settle_count() == 2
    (watched.project / "z" / "b" / "x.py").touch()
    assert watched.settle_count() == 3


@pytest.mark.parametrize("ignored", ["data", ".venv", "__pycache__", ".git"])
def test_what_happens_in_ignored_folders_is_not_noticed(watched: Watched, ignored: str) -> None:
    (watched.project / ".gitignore").write_text("data/\n")
    assert watched.settle_count() == 1
    (watched.project / ignored / "deep").mkdir(parents=True)
    (watched.project / ignored / "deep" / "x.csv").touch()
    assert watched.settle_count() == 1


def test_a_folder_that_is_no_longer_ignored_is_watched(watched: Watched) -> None:
    (watched.project / ".gitignore").write_text("data/\n")
    (watched.project / "data").mkdir()
    assert watched.settle_count() == 1
    (watched.project / ".gitignore").write_text("\n")
    assert watched.settle_count() == 2
    (watched.project / "data" / "x.csv").touch()
    assert watched.settle_count() == 3


def test_a_mode_change_counts(watched: Watched) -> None:
    (watched.project / "main.py").chmod(0o755)
    assert watched.settle_count() == 1


def test_a_project_moved_away_and_back_is_noticed_both_times(watched: Watched) -> None:
    away = watched.project.with_name("away")
    watched.project.rename(away)
    assert watched.settle_count() == 1
    (away / "main.py").write_text("unseen")
    assert watched.settle_count() == 1
    away.rename(watched.project)
    assert watched.settle_count() == 2
    (watched.project / "main.py").write_text("seen")
    assert watched.settle_count() == 3


def test_a_project_deleted_and_made_again_is_noticed(watched: Watched) -> None:
    shutil.rmtree(watched.project)
    assert watched.settle_count() == 1
    make_project(watched.project)
    assert watched.settle_count() == 2
    (watched.project / "main.py").write_text("seen")
    assert watched.settle_count() == 3


def test_a_project_that_comes_with_its_parents_is_noticed(
    watcher: Watcher, settled: Collector[Path], tmp_path: Path
) -> None:
    project = tmp_path / "not" / "yet" / "there"
    watcher.watch(project)
    make_project(project)
    settled.wait_until_seen(project)


def test_a_project_by_a_link_is_reported_by_the_path_that_was_given(
    watcher: Watcher, settled: Collector[Path], tmp_path: Path
) -> None:
    project = make_project(tmp_path / "real")
    link = tmp_path / "link"
    link.symlink_to(project)
    watcher.watch(link)
    (project / "main.py").write_text("new")
    assert settled.wait_for(1) == [link]


def test_an_unwatched_project_is_left_alone(watched: Watched) -> None:
    watched.watcher.unwatch(watched.project)
    (watched.project / "main.py").write_text("unseen")
    assert watched.settle_count() == 0
    with pytest.raises(KeyError):
        watched.watcher.mode(watched.project)


def test_projects_that_appear_in_a_parent_folder_are_noticed(
    watcher: Watcher, settled: Collector[Path], tmp_path: Path
) -> None:
    watcher.watch_parent(tmp_path)
    make_project(tmp_path / "new")
    settled.wait_for(1)
    make_project(tmp_path / "team" / "other")
    assert set(settled.wait_for(2)) == {tmp_path}


def test_saves_inside_a_project_do_not_concern_its_parent(watched: Watched, tmp_path: Path) -> None:
    watched.watcher.watch_parent(tmp_path)
    (watched.project / "main.py").write_text("new")
    (watched.project / "package").mkdir()
    assert watched.settle_count() == 1
    assert tmp_path not in watched.settled.items


def test_a_burst_of_calls_is_delivered_one_at_a_time(tmp_path: Path) -> None:
    inside, most = [0], [0]
    calls: Collector[Path] = Collector()

    def on_settled(folder: Path) -> None:
        inside[0] += 1
        most[0] = max(most[0], inside[0])
        calls(folder)
        inside[0] -= 1

    watcher = Watcher(on_settled)
    projects = [make_project(tmp_path / str(number)) for number in range(10)]
    for project in projects:
        watcher.watch(project)
    for project in projects:
        (project / "main.py").write_text("new")
    assert sorted(calls.wait_for(10)) == sorted(projects)
    watcher.close()
    assert most == [1]


def test_no_thread_wakes_up_while_nothing_happens(watched: Watched) -> None:
    assert watched.settle_count() == 0
    names = {"skafd-settle"}
    threads = [thread for thread in threading.enumerate() if thread.name in names or isinstance(thread, InotifyFD)]
    assert len(threads) >= 2
    before = when_at_rest(threads)
    # A pause is what is tested here: with nothing to do, no thread may have run in it.
    time.sleep(1.5)
    assert [switches(thread) for thread in threads] == before


def when_at_rest(threads: list[threading.Thread]) -> list[int]:
    """Their switches, once the last that has just become idle has gone to sleep."""
    before: list[int] = []
    while (counted := [switches(thread) for thread in threads]) != before:
        before = counted
        time.sleep(0.1)
    return before


def switches(thread: threading.Thread) -> int:
    status = Path(f"/proc/self/task/{thread.native_id}/status").read_text()
    return sum(int(line.split()[1]) for line in status.splitlines() if "ctxt_switches" in line)


def test_closing_ends_every_thread(tmp_path: Path) -> None:
    before = set(threading.enumerate())
    watcher = Watcher(Collector())
    watcher.watch(make_project(tmp_path / "churn"))
    watcher.close()
    assert set(threading.enumerate()) <= before


# --- polling ---------------------------------------------------------------------------------------------


def exhausted(number: int) -> Callable[..., int]:
    def add_callback(*_arguments: object) -> int:
        raise OSError(number, os.strerror(number))

    return add_callback


def test_a_network_file_system_is_polled_and_said_to_be(
    watcher: Watcher, settled: Collector[Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(watch, "network_file_system", lambda _path, _mounts: "nfs4")
    project = make_project(tmp_path / "churn")
    assert watcher.watch(project) == Mode(is_polled=True, reason="nfs4 does not tell what other machines change")
    (project / "main.py").write_text("new content\n")
    assert settled.wait_for(1) == [project]
    shutil.rmtree(project)
    assert settled.wait_for(2) == [project, project]
    make_project(project)
    settled.wait_for(3)
    watcher.unwatch(project)


@pytest.mark.parametrize("number", [errno.ENOSPC, errno.EMFILE])
def test_without_watches_left_a_project_is_polled_and_the_setting_is_named(
    watcher: Watcher, settled: Collector[Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch, number: int
) -> None:
    monkeypatch.setattr(InotifyFD, "add_callback", exhausted(number))
    project = make_project(tmp_path / "churn")
    mode = watcher.watch(project)
    assert mode.is_polled
    assert "max_user_watches" in mode.reason
    (project / "main.py").write_text("new content\n")
    settled.wait_until_seen(project)


def test_a_project_whose_new_folders_cannot_be_watched_any_more_is_polled_from_then_on(
    watcher: Watcher, settled: Collector[Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    project = make_project(tmp_path / "churn")
    assert not watcher.watch(project).is_polled
    monkeypatch.setattr(InotifyFD, "add_callback", exhausted(errno.ENOSPC))
    (project / "package").mkdir()
    settled.wait_for(1)
    assert watcher.mode(project).is_polled
    (project / "package" / "x.py").write_text("new content\n")
    settled.wait_for(2)
