"""Which occurrences are written as fired."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

from skafd.daemon.restoring import requests_of, restore, write_occurrences
from skafd.model.decisions import Decisions, Missed
from skafd.model.ids import JobId, ProjectId, RunKey
from skafd.model.limits import Capacity
from skafd.schedule.timetable import Due, Plan, PlannedUntil
from skafd.store import Database
from tests.support.stored import INGEST, NOON, TRAIN, add_churn, new_run

ROOMY = Capacity(cpu=4, memory_bytes=2**40)


def scheduled_runs(database: Database, project: ProjectId) -> dict[JobId, int]:
    with database.reader() as reader:
        return {history.job: history.scheduled_runs for history in reader.histories()[project]}


def test_a_due_job_that_got_a_run_has_fired(database: Database, tmp_path: Path) -> None:
    project = add_churn(database, tmp_path)
    plan = Plan((Due(project, NOON, (INGEST, TRAIN)),), (), (PlannedUntil(project, INGEST, NOON),))
    (request,) = requests_of(plan)
    assert (request.jobs, request.cause.instant) == ((INGEST, TRAIN), NOON)
    missed = Missed(project, TRAIN, NOON, "overlap")
    with database.transaction() as writer:
        decisions = Decisions((new_run(project, 1),), missed=(missed,))
        writer.apply(decisions, NOON)
        write_occurrences(writer, plan, decisions, NOON)
    assert scheduled_runs(database, project) == {INGEST: 1, TRAIN: 0}
    with database.reader() as reader:
        assert reader.planned() == {(project, INGEST): NOON}


def test_a_due_job_that_is_spent_leaves_no_trace_but_is_planned(database: Database, tmp_path: Path) -> None:
    project = add_churn(database, tmp_path)
    plan = Plan((Due(project, NOON, (INGEST,)),), (), (PlannedUntil(project, INGEST, NOON),))
    with database.transaction() as writer:
        write_occurrences(writer, plan, Decisions(), NOON)
    assert scheduled_runs(database, project)[INGEST] == 0
    with database.reader() as reader:
        assert reader.planned() == {(project, INGEST): NOON}


def test_memory_is_what_is_written(database: Database, tmp_path: Path) -> None:
    project = add_churn(database, tmp_path)
    run = new_run(project, 7)
    with database.transaction() as writer:
        writer.apply(Decisions((run,)), NOON + timedelta(seconds=1))
    with database.reader() as reader:
        engine, timetable = restore(reader, ROOMY)
    restored = engine.run(RunKey(project, 7))
    assert restored is not None
    assert {task.key for task in restored.tasks} == {task.key for task in run.tasks}
    live = engine.live(project)
    assert live is not None
    assert live.number == 1
    assert timetable.next_at() is None
