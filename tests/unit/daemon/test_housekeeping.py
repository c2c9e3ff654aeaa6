"""What is old goes, folders first; what is live, young or in use stays."""

from __future__ import annotations

from concurrent.futures import Future
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from skafd.daemon import housekeeping
from skafd.daemon.housekeeping import KEPT_DEPLOYMENTS, KEPT_FOR, Housekeeping
from skafd.daemon.mailbox import Mailbox, Prepare
from skafd.daemon.removing import remove_tree
from skafd.home import Home
from skafd.model.decisions import Decisions, Missed
from skafd.model.ids import ProjectId
from skafd.store import Database, Purpose
from tests.support.deep_folders import make_deep
from tests.support.stored import CONFIG, INGEST, NOON, add_churn, apply, life, new_run

LATER = NOON + KEPT_FOR + timedelta(days=1)


class AtOnce(Mailbox):
    """Carries requests out in the thread that puts them."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def put(self, prepare: Prepare, purpose: Purpose) -> Future[Any]:
        with self._database.transaction(purpose) as writer:
            prepare(writer)
        done: Future[Any] = Future()
        done.set_result(Decisions())
        return done


@pytest.fixture
def home(tmp_path: Path) -> Home:
    home = Home(tmp_path)
    home.create()
    return home


@pytest.fixture
def project(database: Database, tmp_path: Path) -> ProjectId:
    return add_churn(database, tmp_path)


@pytest.fixture
def keeper(home: Home, database: Database, monkeypatch: pytest.MonkeyPatch) -> Housekeeping:
    monkeypatch.setattr(housekeeping, "KEPT_RUNS", 2)
    monkeypatch.setattr(housekeeping, "MOST_RUNS", 4)
    monkeypatch.setattr(housekeeping, "_BATCH", 2)
    return Housekeeping(home, database, AtOnce(database))


def add_runs(database: Database, home: Home, project: ProjectId, *numbers: int, now: object = NOON) -> None:
    for number in numbers:
        apply(database, *life(project, number), now=now)  # type: ignore[arg-type]
        attempt = home.runs / "churn" / str(number) / "ingest.0" / "1"
        (attempt / "work").mkdir(parents=True)
        (attempt / "log").write_text("hello")
        (attempt / "work" / "data").symlink_to(home.path / "precious")


def numbers(database: Database, home: Home) -> list[int]:
    with database.reader() as reader:
        known = sorted(run.key.number for run in reader.runs(limit=1000))
    assert sorted(int(folder.name) for folder in (home.runs / "churn").iterdir()) == known
    return known


def test_old_runs_go_but_for_the_newest(
    keeper: Housekeeping, home: Home, database: Database, project: ProjectId
) -> None:
    (home.path / "precious").mkdir()
    (home.path / "precious" / "customers.csv").write_text("1")
    add_runs(database, home, project, *range(1, 8))
    keeper.tidy(LATER)
    assert numbers(database, home) == [6, 7]
    assert (home.path / "precious" / "customers.csv").exists(), "what a run links to is not its own"


def test_young_runs_stay_up_to_a_number(
    keeper: Housekeeping, home: Home, database: Database, project: ProjectId
) -> None:
    add_runs(database, home, project, *range(1, 8), now=LATER)
    keeper.tidy(LATER + timedelta(hours=1))
    assert numbers(database, home) == [4, 5, 6, 7]


def test_open_runs_stay(keeper: Housekeeping, home: Home, database: Database, project: ProjectId) -> None:
    apply(database, Decisions((new_run(project, 1),)))
    (home.runs / "churn" / "1").mkdir(parents=True)
    add_runs(database, home, project, *range(2, 8))
    keeper.tidy(LATER)
    assert numbers(database, home) == [1, 6, 7]


def test_a_folder_that_is_gone_already_does_not_keep_its_run(
    keeper: Housekeeping, home: Home, database: Database, project: ProjectId
) -> None:
    """As after a kill between folder and row."""
    add_runs(database, home, project, *range(1, 4))
    assert remove_tree(home.runs / "churn" / "1")
    keeper.tidy(LATER)
    assert numbers(database, home) == [2, 3]


def test_a_folder_that_cannot_be_removed_keeps_its_run_and_holds_up_nothing(
    keeper: Housekeeping, home: Home, database: Database, project: ProjectId, monkeypatch: pytest.MonkeyPatch
) -> None:
    def remove(folder: Path) -> bool:
        return folder.name != "1" and remove_tree(folder)

    monkeypatch.setattr(housekeeping, "remove_tree", remove)
    add_runs(database, home, project, *range(1, 8))
    keeper.tidy(LATER)
    assert numbers(database, home) == [1, 6, 7]


def test_a_run_that_left_folders_without_end_goes_like_all_others(
    keeper: Housekeeping, home: Home, database: Database, project: ProjectId
) -> None:
    add_runs(database, home, project, *range(1, 8))
    make_deep(home.runs / "churn" / "1")
    keeper.tidy(LATER)
    assert numbers(database, home) == [6, 7]


def add_deployments(database: Database, home: Home, project: ProjectId, count: int, live: int) -> None:
    with database.transaction() as writer:
        made = [writer.record_deployment(project, f"hash{n % 24}", CONFIG, "key", NOON) for n in range(2, count + 1)]
        writer.switch_live(project, made[live - 2].number, NOON)
        for deployment in made:
            (home.deployments / "churn" / deployment.snapshot_hash).mkdir(parents=True, exist_ok=True)


def snapshots(home: Home) -> set[str]:
    assert not (home.deployments / ".trash").exists()
    return {folder.name for folder in (home.deployments / "churn").iterdir()}


def test_old_deployments_go_with_their_snapshots(
    keeper: Housekeeping, home: Home, database: Database, project: ProjectId
) -> None:
    # Versions 2 to 30; 26 to 30 have the same content as 2 to 6. Version 5 is live.
    add_deployments(database, home, project, count=30, live=5)
    apply(database, *life(project, 1))
    keeper.tidy(NOON)
    newest = range(30 - KEPT_DEPLOYMENTS + 1, 31)
    with database.reader() as reader:
        kept = [deployment.number for deployment in reversed(reader.deployments(project))]
    assert kept == [1, 5, *newest], "the first is known of a run that is kept"
    assert snapshots(home) == {f"hash{number % 24}" for number in (5, *newest)}


def test_what_an_open_run_runs_on_stays(
    keeper: Housekeeping, home: Home, database: Database, project: ProjectId
) -> None:
    (home.deployments / "churn" / "hash").mkdir(parents=True)
    apply(database, Decisions((new_run(project, 1),)))
    add_deployments(database, home, project, count=23, live=23)
    keeper.tidy(NOON)
    assert "hash" in snapshots(home)


def test_what_is_known_of_missed_occurrences_goes_too(
    keeper: Housekeeping, database: Database, project: ProjectId
) -> None:
    with database.transaction() as writer:
        writer.record_missed([Missed(project, INGEST, instant, "asleep") for instant in (NOON, LATER)], LATER)
    keeper.tidy(LATER)
    with database.reader() as reader:
        assert [missed.instant for missed in reader.missed(project)] == [LATER]


def test_a_snapshot_that_a_daemon_had_no_time_to_remove_is_removed(keeper: Housekeeping, home: Home) -> None:
    (home.deployments / ".trash" / "x" / "hash").mkdir(parents=True)
    (home.deployments / "churn").mkdir()
    keeper.tidy(NOON)
    assert snapshots(home) == set()


def test_a_folder_that_its_job_has_closed_is_removed(tmp_path: Path) -> None:
    closed = tmp_path / "run" / "closed"
    (closed / "deep").mkdir(parents=True)
    (closed / "deep" / "file").touch(mode=0o400)
    closed.chmod(0)
    assert remove_tree(tmp_path / "run")
    assert not (tmp_path / "run").exists()
    assert remove_tree(tmp_path / "run")
