"""What is paused stays so, whatever happens to the daemon."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from skafd.errors import NotFound, Refused
from skafd.model.decisions import Missed
from skafd.model.ids import ProjectId
from skafd.model.states import RunState
from skafd.store import Database
from skafd.store.backfills import Backfill
from tests.support.stored import INGEST, NOON, TRAIN

HOUR = timedelta(hours=1)


def test_a_pause_is_kept_until_it_is_ended(database: Database, project: ProjectId) -> None:
    with database.transaction() as writer:
        writer.pause(project, INGEST, NOON)
        writer.pause(project, INGEST, NOON)
        writer.pause(project, None, NOON)
    with database.reader() as reader:
        assert reader.pauses() == ((project, None), (project, INGEST))
    with database.transaction() as writer:
        writer.resume(project, INGEST)
    with database.reader() as reader:
        assert reader.pauses() == ((project, None),)


def test_to_resume_a_project_resumes_its_jobs_too(database: Database, project: ProjectId) -> None:
    with database.transaction() as writer:
        writer.pause(project, INGEST, NOON)
        writer.resume(project, None)
    with database.reader() as reader:
        assert reader.pauses() == ()


def test_what_is_not_paused_cannot_be_resumed(database: Database, project: ProjectId) -> None:
    with pytest.raises(Refused, match="not paused"), database.transaction() as writer:
        writer.resume(project, TRAIN)


def test_what_was_missed_lately_is_found_newest_first(database: Database, project: ProjectId) -> None:
    with database.transaction() as writer:
        writer.record_missed([Missed(project, TRAIN, NOON + hours * HOUR, "paused") for hours in range(3)], NOON)
    with database.reader() as reader:
        assert [missed.instant for missed in reader.missed_since(NOON + HOUR)] == [NOON + 2 * HOUR, NOON + HOUR]
        assert reader.missed_since(NOON, ProjectId("other")) == ()
        assert reader.was_decided(project, TRAIN, NOON)
        assert not reader.was_decided(project, INGEST, NOON)


def test_a_backfill_is_as_far_as_its_runs(database: Database, project: ProjectId) -> None:
    instants, given = (NOON, NOON + HOUR), {NOON + HOUR: (("region", "eu"),)}
    asked = Backfill(0, project, "churn", INGEST, True, instants, 1, NOON, None, instants, (), given)
    with database.transaction() as writer:
        number = writer.add_backfill(asked)
    with database.reader() as reader:
        (found,) = reader.open_backfills()
    assert found == replace(asked, id=number, slug=found.slug)
    assert found.state is RunState.RUNNING
    with database.transaction() as writer:
        writer.count_backfill_run(number)
        writer.cancel_backfill(number, NOON)
    with database.reader() as reader:
        assert reader.backfill(number).state is RunState.CANCELLED
        assert reader.open_backfills() == ()
        with pytest.raises(NotFound):
            reader.backfill(99)
    with pytest.raises(Refused), database.transaction() as writer:
        writer.cancel_backfill(number, NOON)
