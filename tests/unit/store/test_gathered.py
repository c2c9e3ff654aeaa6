"""Events that wait for others, in the database."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

from skafd.model.decisions import Completed, Decisions, Gathered, Happened, Heard, Unheeded
from skafd.model.ids import JobId, ProjectId, RunKey
from skafd.model.project import TriggerKind
from skafd.model.run import Cause, CauseKind, EventCause, Run
from skafd.model.states import RunState
from skafd.store import Database
from tests.support.stored import NOON

SET = "event a, event b"


def kept(project: ProjectId, number: int, name: str) -> Gathered:
    event = Happened(TriggerKind.EVENT, name, detail=name, parameters=(("day", "1"),), chain=("x/y",))
    return Gathered(Heard(number, event), project, JobId("train"), SET, f"event {name}", NOON)


def write(database: Database, *gathered: Gathered, **more: object) -> None:
    decisions = Decisions(heard=tuple(one.heard for one in gathered), gathered=gathered)
    with database.transaction() as writer:
        writer.apply(replace(decisions, **more), NOON)  # type: ignore[arg-type]


def test_what_is_kept_is_read_back_until_it_has_its_run(database: Database, project: ProjectId) -> None:
    first, second = kept(project, 1, "a"), kept(project, 2, "b")
    write(database, first)
    write(database, second)
    with database.reader() as reader:
        assert reader.gathered() == reader.gathered(project) == (first, second)
        assert [event.kept for event in reader.heard()] == [((project, "train", SET),)] * 2
    cause = Cause(CauseKind.EVENT, None, "a and b", EventCause(2, TriggerKind.EVENT, "b"))
    run = Run(RunKey(project, 1), 1, cause, RunState.RUNNING, ())  # type: ignore[arg-type]
    write(database, new_runs=(run,), completed=(Completed((1, 2), project, JobId("train"), SET, run.key),))
    with database.reader() as reader:
        assert reader.gathered() == ()
        assert [[one.number for one in event.runs] for event in reader.heard()] == [[1], [1]]
        assert [event.kept for event in reader.heard()] == [(), ()]


def test_what_passes_by_is_kept_no_more(database: Database, project: ProjectId) -> None:
    write(database, kept(project, 1, "a"))
    write(database, kept(project, 2, "a"), unheeded=(Unheeded(1, project, JobId("train"), "event 2", SET),) * 2)
    with database.reader() as reader:
        assert [one.heard.number for one in reader.gathered()] == [2]
        assert [event.unheeded for event in reader.heard()] == [(), ((project, "train", "event 2"),)]


def test_it_moves_with_the_clock_and_is_not_cleared_away(database: Database, project: ProjectId) -> None:
    write(database, kept(project, 1, "a"))
    write(database, kept(project, 2, "b"), unheeded=(Unheeded(2, project, JobId("train"), "paused", SET),))
    write(database, heard=(Heard(3, Happened(TriggerKind.EVENT, "c")),))
    with database.transaction() as writer:
        writer.move_gathered(timedelta(hours=1))
        writer.delete_heard(NOON + timedelta(days=60))
    with database.reader() as reader:
        assert [(one.heard.number, one.at) for one in reader.gathered()] == [(1, NOON + timedelta(hours=1))]
        assert [event.number for event in reader.heard()] == [3, 1]
