"""What the engine decides is what the database says afterwards, or nothing is written."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from itertools import pairwise
from pathlib import Path

import pytest

from skafd.errors import StoreError
from skafd.model.decisions import Added, Decisions, Kill, Missed, RunEnded, Transition
from skafd.model.ids import AttemptKey, DeploymentNumber, JobId, ProjectId, RunKey, TaskKey
from skafd.model.outcome import Exited, NotStarted, OomKilled, Usage
from skafd.model.run import Cause, CauseKind, JobHistory, Task
from skafd.model.states import TRANSITIONS, RunState, TaskState
from skafd.store import Database
from tests.support.stored import (
    CONFIG,
    INGEST,
    LIMITS,
    NOON,
    TRAIN,
    apply,
    attempt_folder,
    begin,
    end,
    launching,
    life,
    new_run,
    running,
    success,
)


def test_a_run_is_shown_with_its_tasks_attempts_and_evidence(database: Database, project: ProjectId) -> None:
    apply(database, *life(project))
    with database.reader() as reader:
        detail = reader.run(RunKey(project, 1))
    assert detail.run.state is RunState.SUCCEEDED
    assert detail.run.parameters == (("epochs", "3"),)
    assert detail.run.ended_at == NOON + timedelta(seconds=4)
    assert [(task.key.job, task.state) for task in detail.tasks] == [
        (INGEST, TaskState.SUCCEEDED),
        (TRAIN, TaskState.SUCCEEDED),
    ]
    (attempt,) = detail.tasks[1].attempts
    assert attempt.directory == attempt_folder(detail.tasks[1].key, 1)
    assert attempt.limits == LIMITS
    assert (attempt.outcome, attempt.exit_code, attempt.usage) == (Exited(0), 0, Usage(2**20, 1.5))
    seconds = [
        (instant - NOON).seconds for instant in (attempt.launched_at, attempt.started_at, attempt.ended_at) if instant
    ]
    assert seconds == [2, 3, 4]


def test_a_failed_attempt_and_its_retry_are_both_kept(database: Database, project: ProjectId) -> None:
    run = new_run(project)
    task = run.tasks[0].key
    killed = OomKilled(limit_bytes=64, peak_bytes=63)
    later = NOON + timedelta(minutes=1)
    retry = replace(end(task, TaskState.WAITING, killed, reason="retry 1 of 2"), not_before=later)
    apply(database, Decisions((run,), begin(task)), Decisions(transitions=(running(task), retry)))
    with database.reader() as reader:
        ((reopened, _),) = reader.open_runs()
    assert (reopened.tasks[0].state, reopened.tasks[0].not_before) == (TaskState.WAITING, later)
    apply(database, Decisions(transitions=begin(task, 2)), now=later)
    with database.reader() as reader:
        view = reader.run(run.key).tasks[0]
    assert [(attempt.number, attempt.state, attempt.outcome) for attempt in view.attempts] == [
        (1, TaskState.OOM_KILLED, killed),
        (2, TaskState.STARTING, None),
    ]
    assert view.attempts[0].exit_code is None


def test_what_a_job_took_at_most_is_known_of_all_its_runs_and_of_no_other_job(
    database: Database, project: ProjectId
) -> None:
    big = Usage(200 * 2**20, 1.0)
    for number in (1, 2):
        ingest, *others = life(project, number)
        apply(database, ingest, *([_using(one, INGEST, big) for one in others] if number == 1 else others))
    third = new_run(project, 3)
    apply(database, Decisions((third,), begin(third.tasks[0].key)))
    with database.transaction() as writer:
        assert writer.highest_peak_bytes(third.tasks[0].key) == big.peak_memory_bytes
        assert writer.highest_peak_bytes(third.tasks[1].key) == 2**20
        steps = ((1, "train[3]"), (2, "score[1]"))
        for run, part in (*steps, (3, "train[7]")):
            writer._change("UPDATE task SET part = ? WHERE run = ? AND job = ?", (part, run, INGEST))
        assert writer.highest_peak_bytes(third.tasks[0].key) == big.peak_memory_bytes
        writer._change("UPDATE task SET part = 'score[7]' WHERE run = 3 AND job = ?", (INGEST,))
        assert writer.highest_peak_bytes(third.tasks[0].key) == 2**20


def _using(decisions: Decisions, job: JobId, usage: Usage) -> Decisions:
    moves = [
        replace(move, usage=usage) if move.task.job == job and move.outcome else move for move in decisions.transitions
    ]
    return replace(decisions, transitions=tuple(moves))


def test_an_attempt_may_end_before_its_start_was_heard_of(database: Database, project: ProjectId) -> None:
    run = new_run(project)
    task = run.tasks[0].key
    refused = Transition(task, TaskState.STARTING, TaskState.FAILED, 1, outcome=NotStarted("no such file"))
    apply(database, Decisions((run,), begin(task)), Decisions(transitions=(refused,)))
    with database.reader() as reader:
        (attempt,) = reader.run(run.key).tasks[0].attempts
        assert reader.runs()[0].failed == ((INGEST, 0, ""),)
    assert (attempt.started_at, attempt.outcome) == (None, NotStarted("no such file"))
    assert attempt.usage == Usage()


def test_attempts_that_retry_does_not_count_are_known_after_a_restart(database: Database, project: ProjectId) -> None:
    run = new_run(project)
    task = run.tasks[0].key
    waits = Transition(task, TaskState.STARTING, TaskState.WAITING, 1, outcome=NotStarted("full", True), excused=1)
    apply(database, Decisions((run,), begin(task)), Decisions(transitions=(waits,)))
    with database.reader() as reader:
        ((restored, _),) = reader.open_runs()
    assert (restored.tasks[0].attempt, restored.tasks[0].tries) == (1, 0)


def test_tasks_that_follow_in_a_flow_are_there_after_a_restart(database: Database, project: ProjectId) -> None:
    run = new_run(project)
    followed = Task(
        TaskKey(run.key, INGEST, 1), TaskState.WAITING, changed_at=NOON, part="train[0]", token='{"step":"train"}'
    )
    apply(database, Decisions((run,)), Decisions(added=(Added((followed,)),)))
    with database.reader() as reader:
        ((restored, _),) = reader.open_runs()
        shown = reader.run(run.key).tasks
    assert [task.key for task in restored.tasks] == [TaskKey(run.key, INGEST), followed.key, TaskKey(run.key, TRAIN)]
    assert (restored.tasks[1].part, restored.tasks[1].token) == (followed.part, followed.token)
    assert [task.part for task in shown] == ["", "train[0]", ""]


def test_every_transition_is_an_event_and_a_path_in_the_table(database: Database, project: ProjectId) -> None:
    apply(database, *life(project))
    with database.reader() as reader:
        events = reader.run_events(RunKey(project, 1))
        assert reader.events() == events
        assert reader.events(after=events[2].id, limit=2) == events[3:5]
    assert [event.new for event in events if event.job is None] == ["running", "succeeded"]
    for job in (INGEST, TRAIN):
        path = [(event.old, event.new) for event in events if event.job == job]
        assert path[0] == (None, "waiting")
        assert all(before[1] == after[0] for before, after in pairwise(path))
        assert all(TaskState(new) in TRANSITIONS[TaskState(old)] for old, new in path[1:] if old)


@pytest.mark.parametrize(
    "wrong",
    [
        lambda ingest: Decisions(transitions=(running(ingest),)),
        lambda ingest: Decisions(transitions=(success(ingest),)),
        lambda ingest: Decisions(transitions=begin(ingest._replace(instance=7))),
        lambda ingest: Decisions(ended_runs=(RunEnded(ingest.run._replace(number=9), RunState.FAILED),)),
    ],
)
def test_a_decision_from_another_state_than_the_databases_writes_nothing(
    database: Database, project: ProjectId, wrong: object
) -> None:
    run = new_run(project)
    apply(database, Decisions((run,)))
    with database.reader() as reader:
        before = reader.events()
    with pytest.raises(StoreError):
        apply(database, wrong(run.tasks[0].key))  # type: ignore[operator]
    with database.reader() as reader:
        assert reader.events() == before
        assert reader.open_runs()[0][0] == replace(
            run, tasks=tuple(replace(task, changed_at=NOON) for task in run.tasks)
        )


def test_the_same_decisions_cannot_be_written_twice(database: Database, project: ProjectId) -> None:
    for step in life(project):
        apply(database, step)
        with pytest.raises(StoreError):
            apply(database, step)


def test_an_attempt_cannot_end_twice(database: Database, project: ProjectId) -> None:
    run = new_run(project)
    task = run.tasks[0].key
    apply(database, Decisions((run,), (*begin(task), running(task), end(task, TaskState.WAITING, Exited(1)))))
    again = Transition(task, TaskState.WAITING, TaskState.CANCELLED, 1, outcome=Exited(1))
    with pytest.raises(StoreError, match=r"attempt 1 of ingest.* has ended before"):
        apply(database, Decisions(transitions=(again,)))


def test_a_launch_needs_a_folder(database: Database, project: ProjectId) -> None:
    run = new_run(project)
    with pytest.raises(StoreError, match="ingest"), database.transaction() as writer:
        writer.apply(Decisions((run,), begin(run.tasks[0].key)), NOON)


def test_history_begins_with_the_first_attempt_and_ends_with_the_last_instance(
    database: Database, project: ProjectId
) -> None:
    run = new_run(project, instances=2)
    first, second = (TaskKey(run.key, INGEST, instance) for instance in (0, 1))
    steps = [
        Decisions((run,), (*begin(first), *begin(second))),
        Decisions(transitions=(running(first), end(first, TaskState.WAITING, Exited(1)), running(second))),
        Decisions(transitions=begin(first, 2)),
        Decisions(transitions=(success(second),)),
    ]
    apply(database, *steps)
    assert history(database, project) == JobHistory(INGEST, last_started_at=NOON)
    last = (running(first, 2), end(first, TaskState.SUCCEEDED, Exited(0), 2))
    ended = NOON + timedelta(hours=1)
    apply(database, Decisions(transitions=last), now=ended)
    assert history(database, project) == JobHistory(INGEST, NOON, ended)


def history(database: Database, project: ProjectId) -> JobHistory:
    with database.reader() as reader:
        return next(job for job in reader.histories()[project] if job.job == INGEST)


def test_a_supervisor_is_remembered_until_its_attempt_ends(database: Database, project: ProjectId) -> None:
    steps = list(life(project))
    task = steps[0].transitions[0].task
    apply(database, steps[0])
    with database.transaction() as writer:
        writer.attempt_running(AttemptKey(task, 1), 4711, 123456, "boot", NOON)
        writer.apply(steps[1], NOON)
    with database.reader() as reader:
        (alive,) = reader.alive_attempts()
    assert alive.key == AttemptKey(task, 1)
    assert (alive.supervisor_pid, alive.supervisor_start_time, alive.boot_id) == (4711, 123456, "boot")
    assert (alive.state, alive.slug, alive.limits) == (TaskState.RUNNING, "churn", LIMITS)
    assert alive.directory == attempt_folder(task, 1)
    apply(database, *steps[2:])
    with database.reader() as reader:
        assert reader.alive_attempts() == ()


def test_who_was_asked_to_end_is_remembered_until_it_has(database: Database, project: ProjectId) -> None:
    steps = list(life(project))
    task = steps[0].transitions[0].task
    apply(database, *steps[:2], Decisions(kills=(Kill(AttemptKey(task, 1), "somebody asked"),)))
    with database.reader() as reader:
        assert reader.cancelling() == {task: "somebody asked"}
    apply(database, steps[2])
    with database.reader() as reader:
        assert reader.cancelling() == {}


def test_what_ran_because_of_a_deployment_is_known_while_something_is_alive(
    database: Database, project: ProjectId
) -> None:
    first, *_ = life(project, 1)
    run = replace(first.new_runs[0], cause=Cause(CauseKind.DEPLOY))
    apply(database, replace(first, new_runs=(run,)))
    with database.reader() as reader:
        assert reader.deployed_jobs() == {project: {INGEST, TRAIN}}
    with database.transaction() as writer:
        writer.switch_live(project, DeploymentNumber(1), NOON + timedelta(days=1))
    with database.reader() as reader:
        assert reader.deployed_jobs() == {}


def test_open_runs_come_back_as_the_engine_left_them(database: Database, project: ProjectId, tmp_path: Path) -> None:
    apply(database, *life(project, 1), *list(life(project, 2))[:2])
    database.close()
    reopened = Database.open(tmp_path / "skafd.db")
    with reopened.reader() as reader:
        ((run, deployment),) = reader.open_runs()
        assert reader.last_run_numbers() == {project: 2}
        assert reader.live_deployments() == (deployment,)
    assert (run.key, run.deployment) == (RunKey(project, 2), deployment.number)
    assert deployment.config == CONFIG
    assert [(task.key.job, task.state, task.attempt) for task in run.tasks] == [
        (INGEST, TaskState.RUNNING, 1),
        (TRAIN, TaskState.WAITING, 0),
    ]
    reopened.close()


def test_missed_occurrences_are_kept_with_their_cause(database: Database, project: ProjectId) -> None:
    missed = [Missed(project, INGEST, NOON + timedelta(hours=hour), "the machine was off") for hour in range(3)]
    with database.transaction() as writer:
        decisions = Decisions(missed=tuple(missed))
        writer.apply(decisions, NOON, launching(decisions))
    with database.reader() as reader:
        assert [one.instant.hour for one in reader.missed(project, limit=2)] == [14, 13]
        assert reader.missed(project)[0].cause == "the machine was off"
