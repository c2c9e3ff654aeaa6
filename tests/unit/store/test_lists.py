"""Lists of runs: filters, pages, and speed when there are many."""

from __future__ import annotations

from pathlib import Path

import pytest

from skafd.model.decisions import Decisions, RunEnded
from skafd.model.ids import JobId, ProjectId, RunKey
from skafd.model.states import RunState, TaskState
from skafd.store import Database
from skafd.store.reader import Reader
from tests.support.stored import INGEST, NOON, TRAIN, add_churn, apply, life, new_run


def numbers(runs: object) -> list[int]:
    return [run.key.number for run in runs]  # type: ignore[attr-defined]


@pytest.fixture
def other(database: Database, project: ProjectId, tmp_path: Path) -> ProjectId:
    """A second project; runs 1, 2 and 3 of the first, run 1 of this one, run 4 of the first, which is open."""
    (tmp_path / "other").mkdir()
    other = add_churn(database, tmp_path / "other", "t2")
    for number in (1, 2):
        apply(database, *life(project, number))
    third = new_run(project, 3)
    apply(database, Decisions((third,)), Decisions(ended_runs=(RunEnded(third.key, RunState.CANCELLED),)))
    apply(database, *life(other, 1), Decisions((new_run(project, 4),)))
    return other


def test_runs_are_listed_newest_first(database: Database, project: ProjectId, other: ProjectId) -> None:
    with database.reader() as reader:
        assert [run.key for run in reader.runs(limit=3)] == [RunKey(project, 4), RunKey(other, 1), RunKey(project, 3)]
        assert [run.slug for run in reader.runs(limit=2)] == ["churn", "churn-2"]


@pytest.mark.usefixtures("other")
def test_runs_are_narrowed_down(database: Database, project: ProjectId) -> None:
    with database.reader() as reader:
        assert numbers(reader.runs(project)) == [4, 3, 2, 1]
        assert numbers(reader.runs(project, INGEST)) == [4, 3, 2, 1]
        assert numbers(reader.runs(project, JobId("nothing"))) == []
        assert numbers(reader.runs(states=[RunState.RUNNING, RunState.CANCELLED])) == [4, 3]
        assert numbers(reader.runs(project, TRAIN, [RunState.SUCCEEDED])) == [2, 1]


@pytest.mark.usefixtures("other")
def test_the_next_page_begins_where_the_last_one_ended(database: Database, project: ProjectId) -> None:
    with database.reader() as reader:
        everything = reader.runs()
        assert reader.runs(limit=2) + reader.runs(limit=9, before=everything[1].key) == everything
        assert numbers(reader.runs(project, before=RunKey(project, 3))) == [2, 1]


def test_the_newest_tasks_are_those_of_each_jobs_newest_run(
    database: Database, project: ProjectId, other: ProjectId
) -> None:
    with database.reader() as reader:
        assert [(task.key.run.number, task.key.job, task.state) for task in reader.latest_tasks(project)] == [
            (4, INGEST, TaskState.WAITING),
            (4, TRAIN, TaskState.WAITING),
        ]
        assert [task.attempts[0].exit_code for task in reader.latest_tasks(other)] == [0, 0]


def test_no_question_walks_through_the_whole_history(
    database: Database, project: ProjectId, monkeypatch: pytest.MonkeyPatch
) -> None:
    """SQLite's own plan for each statement: tables that grow with every run are entered by an index."""
    plans: list[str] = []

    def explain(self: Reader, sql: str, parameters: object = ()) -> list[object]:
        rows = self._connection.execute(f"EXPLAIN QUERY PLAN {sql}", parameters).fetchall()  # type: ignore[arg-type]
        plans.extend(f"{row['detail']} in {sql}" for row in rows)
        return self._connection.execute(sql, parameters).fetchall()  # type: ignore[arg-type]

    apply(database, *life(project), Decisions((new_run(project, 2),)))
    monkeypatch.setattr(Reader, "_all", explain)
    key = RunKey(project, 1)
    with database.reader() as reader:
        reader.open_runs(), reader.alive_attempts(), reader.latest_tasks(project), reader.run(key)
        reader.events(5), reader.run_events(key), reader.missed(project), reader.expired_runs(project, 1, NOON)
        reader.runs(project), reader.runs(project, INGEST), reader.runs(project, before=key), reader.runs(before=key)
        reader.runs(project, states=[RunState.RUNNING]), reader.runs(states=[RunState.FAILED])
    assert len(plans) > 20
    growing = ("run", "task", "attempt", "event", "occurrence")
    assert [plan for plan in plans if plan.startswith(tuple(f"SCAN {table} in" for table in growing))] == []
    assert [plan for plan in plans if "TEMP B-TREE FOR ORDER BY" in plan and "FROM run " in plan] == []
