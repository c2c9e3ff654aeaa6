"""Lists of runs: filters, pages, and speed when there are many."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from functools import partial
from pathlib import Path

import pytest

from skafd.errors import NotFound
from skafd.model.decisions import Decisions, Missed, RunEnded
from skafd.model.ids import JobId, ProjectId, RunKey, TaskKey
from skafd.model.states import RunState, TaskState
from skafd.store import Database
from skafd.store.reader import Reader
from tests.support.stored import INGEST, NOON, TRAIN, add_churn, apply, launching, life, new_run


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
        assert reader.latest_counts(project) == {INGEST: {TaskState.WAITING: 1}, TRAIN: {TaskState.WAITING: 1}}


QUESTIONS: dict[str, Callable[[Reader, ProjectId], object]] = {
    "open runs": lambda reader, _: reader.open_runs(),
    "alive attempts": lambda reader, _: reader.alive_attempts(),
    "histories": lambda reader, _: reader.histories(),
    "newest tasks": lambda reader, project: reader.latest_tasks(project),
    "one run": lambda reader, project: reader.run(RunKey(project, 50)),
    "events": lambda reader, _: reader.events(after=100, limit=10),
    "events of a run": lambda reader, project: reader.run_events(RunKey(project, 50)),
    "missed occurrences": lambda reader, project: reader.missed(project, limit=5),
    "runs": lambda reader, _: reader.runs(limit=5),
    "runs before": lambda reader, project: reader.runs(before=RunKey(project, 50), limit=5),
    "runs of a project": lambda reader, project: reader.runs(project, limit=5),
    "runs of a project before": lambda reader, project: reader.runs(project, before=RunKey(project, 50), limit=5),
    "open runs of a project": lambda reader, project: reader.runs(project, states=[RunState.RUNNING]),
    "failed runs": lambda reader, _: reader.runs(states=[RunState.FAILED], limit=5),
    "expired runs": lambda reader, project: reader.expired_runs(project, 20, NOON + timedelta(days=1), limit=5),
}


def test_no_answer_takes_longer_because_the_history_is_long(database: Database, project: ProjectId) -> None:
    """Counted in steps of SQLite's virtual machine, which do not depend on how busy the machine is."""
    fill(database, project, range(1, 101))
    short = steps(database, project)
    fill(database, project, range(101, 1001))
    long = steps(database, project)
    # Ten times the history; what grows with its logarithm stays well below twice the steps.
    assert {name: (short[name], long[name]) for name in QUESTIONS if long[name] > 2 * short[name]} == {}


def fill(database: Database, project: ProjectId, run_numbers: range) -> None:
    with database.transaction() as writer:
        for number in run_numbers:
            for decisions in life(project, number):
                writer.apply(decisions, NOON, launching(decisions))
            writer.record_missed([Missed(project, INGEST, NOON + timedelta(hours=number), "asleep")], NOON)


def steps(database: Database, project: ProjectId) -> dict[str, int]:
    counted: Counter[str] = Counter()
    for name, question in QUESTIONS.items():
        with database.reader() as reader:
            count = partial(counted.update, [name])
            reader._connection.set_progress_handler(count, 1)
            question(reader, project)
            reader._connection.set_progress_handler(None, 0)
    return counted


def test_of_a_wide_run_few_tasks_are_read_and_all_are_counted(database: Database, project: ProjectId) -> None:
    run = new_run(project, 1)
    wide = [replace(run.tasks[0], key=TaskKey(run.key, INGEST, instance)) for instance in range(1000)]
    failed = {7: TaskState.FAILED, 998: TaskState.UPSTREAM_FAILED}
    tasks = tuple(replace(one, state=failed.get(one.key.instance, TaskState.SUCCEEDED)) for one in wide)
    apply(database, Decisions((replace(run, tasks=(*tasks, run.tasks[1])),)))
    with database.reader() as reader:
        outline = reader.outline(run.key, 3)
        assert [task.key.instance for task in outline.tasks] == [0, 7, 998, 0]
        assert outline.counts == {
            (INGEST, ""): {TaskState.SUCCEEDED: 998, TaskState.FAILED: 1, TaskState.UPSTREAM_FAILED: 1},
            (run.tasks[1].key.job, ""): {run.tasks[1].state: 1},
        }
        assert next(iter(outline.counts)) == (INGEST, "")
        assert [task.key.instance for task in reader.run(run.key, INGEST, 7).tasks] == [7]
        with pytest.raises(NotFound):
            reader.outline(RunKey(project, 99), 3)
