"""Old runs go, first their folders and then their rows; open ones stay."""

from __future__ import annotations

from datetime import timedelta

from skafd.model.decisions import Decisions, Missed
from skafd.model.ids import DeploymentNumber, ProjectId, RunKey
from skafd.store import Database
from tests.support.stored import CONFIG, INGEST, NOON, apply, attempt_folder, life, new_run

LATER = NOON + timedelta(days=30)


def keep_two(database: Database, project: ProjectId) -> list[int]:
    with database.reader() as reader:
        return [run.key.number for run in reader.expired_runs(project, keep=2, ended_before=LATER)]


def test_the_newest_runs_are_kept(database: Database, project: ProjectId) -> None:
    for number in range(1, 6):
        apply(database, *life(project, number))
    assert keep_two(database, project) == [1, 2, 3]


def test_young_and_open_runs_are_kept(database: Database, project: ProjectId) -> None:
    apply(database, Decisions((new_run(project, 1),)), *life(project, 2))
    for number in (3, 4, 5):
        apply(database, *life(project, number), now=LATER)
    assert keep_two(database, project) == [2]


def test_an_expired_run_names_its_folders_and_leaves_no_row(database: Database, project: ProjectId) -> None:
    for number in range(1, 4):
        apply(database, *life(project, number))
    with database.transaction() as writer:
        writer.fire_occurrences(project, [INGEST], NOON, RunKey(project, 1), NOON)
    with database.reader() as reader:
        (expired,) = reader.expired_runs(project, 2, LATER)
        tasks = [task.key for task in reader.run(expired.key).tasks]
    assert expired.directories == tuple(attempt_folder(task, 1) for task in tasks)
    with database.transaction() as writer:
        writer.delete_runs([expired.key])
        left = [
            writer._one(f"SELECT count(*) FROM {table} WHERE run = 1")
            for table in ("task", "attempt", "event", "occurrence")
        ]
    assert [tuple(row or ()) for row in left] == [(0,)] * 4
    with database.reader() as reader:
        assert [run.key.number for run in reader.runs()] == [3, 2]


def test_numbers_of_removed_runs_are_not_used_again(database: Database, project: ProjectId) -> None:
    apply(database, *life(project, 1))
    with database.transaction() as writer:
        writer.delete_runs([RunKey(project, 1)])
    with database.reader() as reader:
        assert reader.last_run_numbers() == {project: 1}


def test_an_open_run_is_never_removed(database: Database, project: ProjectId) -> None:
    apply(database, Decisions((new_run(project, 1),)))
    with database.transaction() as writer:
        writer.delete_runs([RunKey(project, 1)])
    with database.reader() as reader:
        assert len(reader.open_runs()) == 1
        assert reader.events()


def test_old_missed_occurrences_go(database: Database, project: ProjectId) -> None:
    instants = [NOON, LATER]
    with database.transaction() as writer:
        writer.record_missed([Missed(project, INGEST, instant, "asleep") for instant in instants], LATER)
        writer.delete_missed(project, LATER)
    with database.reader() as reader:
        assert [one.instant for one in reader.missed(project)] == [LATER]


def test_old_deployments_expire_unless_they_are_live_or_an_open_run_uses_them(
    database: Database, project: ProjectId
) -> None:
    with database.transaction() as writer:
        for _ in range(5):
            writer.record_deployment(project, "hash", CONFIG, "environment", NOON)
        writer.switch_live(project, DeploymentNumber(3), NOON)
    with database.reader() as reader:
        assert reader.expired_deployments(project, keep=2) == (1, 2, 4)
    apply(database, Decisions((new_run(project, 1),)))
    with database.reader() as reader:
        assert reader.expired_deployments(project, keep=2) == (2, 4)


def test_a_deployment_that_a_kept_run_is_known_of_keeps_its_row(database: Database, project: ProjectId) -> None:
    apply(database, *life(project, 1))
    with database.transaction() as writer:
        for _ in range(3):
            last = writer.record_deployment(project, "hash", CONFIG, "environment", NOON)
        writer.switch_live(project, last.number, NOON)
        writer.delete_deployments(project, [DeploymentNumber(number) for number in (1, 2, 4)])
    with database.reader() as reader:
        assert [one.number for one in reader.deployments(project)] == [4, 3, 1]
