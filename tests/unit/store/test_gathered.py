"""Events that wait for others, in the database."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from skafd.model.decisions import Completed, Decisions, Gathered, Happened, Heard, Unheeded
from skafd.model.ids import JobId, ProjectId, RunKey
from skafd.model.project import TriggerKind
from skafd.model.run import Cause, CauseKind, EventCause, Run
from skafd.model.states import RunState
from skafd.store import Database
from tests.support.stored import CONFIG, NOON

SET = "event a, event b"


@pytest.fixture
def churn(database: Database, tmp_path: Path) -> ProjectId:
    with database.transaction() as writer:
        row = writer.add_project(tmp_path / "churn", "churn", None, NOON)
        writer.record_deployment(row.id, "hash", CONFIG, "env", NOON)
        writer.switch_live(row.id, 1, NOON)  # type: ignore[arg-type]
    return row.id


def kept(project: ProjectId, number: int, name: str) -> Gathered:
    event = Happened(TriggerKind.EVENT, name, detail=name, parameters=(("day", "1"),), chain=("x/y",))
    return Gathered(Heard(number, event), project, JobId("train"), SET, f"event {name}", NOON)


def write(database: Database, *gathered: Gathered, **more: object) -> None:
    decisions = Decisions(heard=tuple(one.heard for one in gathered), gathered=gathered)
    with database.transaction() as writer:
        writer.apply(replace(decisions, **more), NOON)  # type: ignore[arg-type]


def test_what_is_kept_is_read_back_until_it_has_its_run(database: Database, churn: ProjectId) -> None:
    first, second = kept(churn, 1, "a"), kept(churn, 2, "b")
    write(database, first)
    write(database, second)
    with database.reader() as reader:
        assert reader.gathered() == reader.gathered(churn) == (first, second)
        assert [event.kept for event in reader.heard()] == [((churn, "train", SET),)] * 2
    cause = Cause(CauseKind.EVENT, None, "a and b", EventCause(2, TriggerKind.EVENT, "b"))
    run = Run(RunKey(churn, 1), 1, cause, RunState.RUNNING, ())  # type: ignore[arg-type]
    write(database, new_runs=(run,), completed=(Completed((1, 2), churn, JobId("train"), SET, run.key),))
    with database.reader() as reader:
        assert reader.gathered() == ()
        assert [[one.number for one in event.runs] for event in reader.heard()] == [[1], [1]]
        assert [event.kept for event in reader.heard()] == [(), ()]


def test_what_passes_by_is_kept_no_more(database: Database, churn: ProjectId) -> None:
    write(database, kept(churn, 1, "a"))
    write(database, kept(churn, 2, "a"), unheeded=(Unheeded(1, churn, JobId("train"), "event 2", SET),) * 2)
    with database.reader() as reader:
        assert [one.heard.number for one in reader.gathered()] == [2]
        assert [event.unheeded for event in reader.heard()] == [(), ((churn, "train", "event 2"),)]


def test_it_moves_with_the_clock_and_is_not_cleared_away(database: Database, churn: ProjectId) -> None:
    write(database, kept(churn, 1, "a"))
    write(database, kept(churn, 2, "b"), unheeded=(Unheeded(2, churn, JobId("train"), "paused", SET),))
    write(database, heard=(Heard(3, Happened(TriggerKind.EVENT, "c")),))
    with database.transaction() as writer:
        writer.move_gathered(timedelta(hours=1))
        writer.delete_heard(NOON + timedelta(days=60))
    with database.reader() as reader:
        assert [(one.heard.number, one.at) for one in reader.gathered()] == [(1, NOON + timedelta(hours=1))]
        assert [event.number for event in reader.heard()] == [3, 1]
