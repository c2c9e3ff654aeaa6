"""What is written of a clock that is set: waits and the order of events keep their distance to it."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

from skafd.model.decisions import Decisions
from skafd.model.ids import ProjectId, RunKey
from skafd.model.outcome import Exited
from skafd.model.states import TaskState
from skafd.store import Database
from tests.support.stored import INGEST, NOON, apply, begin, end, life, new_run, running

HOUR = timedelta(hours=1)


def histories(database: Database, project: ProjectId) -> list[timedelta]:
    with database.reader() as reader:
        found = [one for one in reader.histories()[project] if one.job == INGEST]
    return [at - NOON for one in found for at in (one.last_started_at, one.last_succeeded_at) if at is not None]


def test_what_a_job_did_moves_with_the_clock(database: Database, project: ProjectId) -> None:
    for step in life(project):
        apply(database, step, now=NOON)
    with database.transaction() as writer:
        writer.move_with_clock(-HOUR)
    assert histories(database, project) == [-HOUR, -HOUR]
    with database.transaction() as writer:
        writer.distrust_future(NOON - 2 * HOUR)
    assert histories(database, project) == [-2 * HOUR, -2 * HOUR]


def test_who_is_queued_has_waited_since_the_restart_that_found_the_clock_set_back(
    database: Database, project: ProjectId
) -> None:
    """And not since the next restart: its patience would begin anew at each."""
    run = new_run(project)
    apply(database, Decisions(new_runs=(run,), transitions=begin(run.tasks[0].key)[:1]), now=NOON)
    with database.transaction() as writer:
        writer.distrust_future(NOON - HOUR)
        writer.distrust_future(NOON)
    with database.reader() as reader:
        tasks = [task for run, _ in reader.open_runs() for task in run.tasks if task.state is TaskState.QUEUED]
    assert [task.changed_at for task in tasks] == [NOON - HOUR]


def test_a_retry_that_waits_moves_with_the_clock(database: Database, project: ProjectId) -> None:
    run = new_run(project)
    task, at = run.tasks[0].key, NOON + timedelta(seconds=30)
    failed = replace(end(task, TaskState.WAITING, Exited(1)), not_before=at)
    begun = Decisions(new_runs=(run,), transitions=begin(task))
    apply(database, begun, Decisions(transitions=(running(task),)), Decisions(transitions=(failed,)))
    with database.transaction() as writer:
        writer.move_with_clock(HOUR)
    with database.reader() as reader:
        tasks = [task for run, _ in reader.open_runs() for task in run.tasks if task.not_before is not None]
    assert [task.not_before for task in tasks] == [at + HOUR]


def test_an_open_run_has_its_time_however_the_clock_is_set_and_the_machine_sleeps(
    database: Database, project: ProjectId
) -> None:
    apply(database, Decisions(new_runs=(new_run(project),)))
    with database.transaction() as writer:
        writer.move_with_clock(-HOUR, 3 * HOUR)
        writer.move_with_clock(HOUR)
    with database.reader() as reader:
        assert [run.extended for run, _ in reader.open_runs()] == [3 * HOUR]


def test_nothing_ends_before_it_began_though_the_clock_was_set_back(database: Database, project: ProjectId) -> None:
    steps = list(life(project))
    for step in steps[:2]:
        apply(database, step, now=NOON)
    for step in steps[2:]:
        apply(database, step, now=NOON - HOUR)
    with database.reader() as reader:
        detail = reader.run(RunKey(project, 1))
    attempts = [attempt for task in detail.tasks for attempt in task.attempts]
    assert all(one.started_at and one.ended_at and one.started_at <= one.ended_at for one in attempts)
    assert detail.run.ended_at == detail.run.created_at
