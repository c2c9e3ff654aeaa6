"""An occurrence is decided once, whatever happens to the daemon."""

from __future__ import annotations

from datetime import timedelta

import pytest

from skafd.errors import StoreError
from skafd.model.decisions import Decisions, Missed
from skafd.model.ids import ProjectId, RunKey
from skafd.store import Database
from tests.support.stored import CONFIG, INGEST, NOON, TRAIN, new_run


def fire(database: Database, project: ProjectId, number: int) -> None:
    """In one transaction, as the orchestrator does it."""
    with database.transaction() as writer:
        run = new_run(project, number)
        writer.apply(Decisions((run,)), NOON)
        writer.fire_occurrences(project, [INGEST, TRAIN], NOON, run.key, NOON)


def test_an_occurrence_gets_one_run(database: Database, project: ProjectId) -> None:
    fire(database, project, 1)
    with pytest.raises(StoreError, match="decided before"):
        fire(database, project, 2)
    with database.reader() as reader:
        assert [run.key for run in reader.runs()] == [RunKey(project, 1)]


def test_a_missed_occurrence_gets_no_run(database: Database, project: ProjectId) -> None:
    missed = [Missed(project, TRAIN, NOON, "asleep")]
    with database.transaction() as writer:
        writer.record_missed(missed, NOON)
    with pytest.raises(StoreError, match="decided before"):
        fire(database, project, 1)
    with pytest.raises(StoreError, match="decided before"), database.transaction() as writer:
        writer.record_missed(missed, NOON)


def test_scheduled_runs_are_counted_per_live_deployment(database: Database, project: ProjectId) -> None:
    fire(database, project, 1)
    assert scheduled_runs(database, project) == {INGEST: 1, TRAIN: 1}
    with database.transaction() as writer:
        deployment = writer.record_deployment(project, "other", CONFIG, "environment", NOON)
        writer.switch_live(project, deployment.number, NOON)
    assert scheduled_runs(database, project) == {INGEST: 0, TRAIN: 0}


def scheduled_runs(database: Database, project: ProjectId) -> dict[str, int]:
    with database.reader() as reader:
        return {job.job: job.scheduled_runs for job in reader.histories()[project]}


def test_a_plan_is_found_again(database: Database, project: ProjectId) -> None:
    with database.reader() as reader:
        assert reader.planned() == {}
    later = NOON + timedelta(microseconds=1)
    with database.transaction() as writer:
        writer.set_planned_until(project, INGEST, NOON)
        writer.set_planned_until(project, INGEST, later)
    with database.reader() as reader:
        assert reader.planned() == {(project, INGEST): later}


def test_an_instant_without_a_zone_is_refused(database: Database, project: ProjectId) -> None:
    with pytest.raises(TypeError), database.transaction() as writer:
        writer.set_planned_until(project, INGEST, NOON.replace(tzinfo=None))
    with database.reader() as reader:
        assert reader.planned() == {}
