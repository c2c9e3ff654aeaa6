"""Killing tasks, and events that are no news."""

from __future__ import annotations

import pytest

from skafd.model.decisions import AttemptEnded, AttemptStarted, CancelRequested, Decisions
from skafd.model.ids import AttemptKey, JobId, RunKey, TaskKey
from skafd.model.limits import Capacity
from skafd.model.outcome import Cancelled
from skafd.model.project import Retry
from tests.support.world import BAD, CHURN, OK, World, job


def test_a_running_task_is_cancelled_when_its_processes_are_gone() -> None:
    world = World(job("a"), job("b", "a"))
    world.run()
    world.start("a")
    kills = world.cancel("a", reason="skafd kill").kills
    assert world.states() == {"a": "running", "b": "waiting"}
    world.end("a", outcome=Cancelled(kills[0].reason))
    assert world.states() == {"a": "cancelled", "b": "cancelled"}
    assert world.task("a").reason == "cancelled: skafd kill"
    assert world.run_state() == "cancelled"


def test_a_task_that_succeeds_while_it_is_being_killed_has_succeeded() -> None:
    world = World(job("a"), job("b", "a"))
    world.run()
    world.cancel("a")
    world.end("a")
    assert world.states() == {"a": "succeeded", "b": "starting"}


@pytest.mark.parametrize("restarted", [False, True])
def test_a_task_that_fails_while_it_is_being_killed_is_not_tried_again(restarted: bool) -> None:
    world = World(job("a", retry=Retry(times=3)))
    world.run()
    world.cancel("a")
    if restarted:
        world.restart()
    world.end("a", outcome=BAD)
    assert world.states() == {"a": "failed"}


def test_waiting_and_queued_tasks_are_cancelled_at_once() -> None:
    world = World(job("a"), job("b"), job("c", "b"), capacity=Capacity(8, 2**30, tasks=1))
    world.run()
    assert world.states() == {"a": "starting", "b": "queued", "c": "waiting"}
    world.cancel("b", "c")
    assert world.states() == {"a": "starting", "b": "cancelled", "c": "cancelled"}
    assert world.task("c").reason == "cancelled: somebody asked"
    world.end("a")
    assert world.run_state() == "cancelled"


def test_killing_a_run_ends_all_of_it() -> None:
    world = World(job("a"), job("b", "a"), job("c", "b"))
    world.run()
    world.send(CancelRequested(world.engine.open_tasks(CHURN), "the run"))
    world.end("a", outcome=Cancelled("the run"))
    assert set(world.states().values()) == {"cancelled"}


def test_ended_and_unknown_tasks_are_left_as_they_are() -> None:
    world = World(job("a"), job("b", "a"))
    world.run()
    world.end("a")
    nobody = TaskKey(RunKey(CHURN, 99), JobId("a"))
    no_instance = TaskKey(RunKey(CHURN, 1), JobId("b"), 7)
    decisions = world.send(CancelRequested((world.task("a").key, nobody, no_instance), ""))
    assert decisions == Decisions()


def test_events_that_are_no_news_change_nothing() -> None:
    world = World(job("a"), job("b", "a"))
    world.run()
    a = world.attempt("a")
    world.start("a")
    assert world.send(AttemptStarted(a)) == Decisions()
    world.end("a")
    assert world.send(AttemptEnded(a, OK), AttemptStarted(a)) == Decisions()
    assert world.send(AttemptEnded(AttemptKey(a.task, 7), OK)) == Decisions()


def test_one_instance_of_a_waiting_parallel_job_can_be_cancelled() -> None:
    world = World(job("a"), job("b", "a", parallelism=2), job("c", "b"))
    world.run()
    world.cancel("b[1]")
    world.restart()
    world.end("a")
    assert world.states() == {"a": "succeeded", "b": "starting", "b[1]": "cancelled", "c": "waiting"}
    world.end("b")
    assert world.state("c") == "cancelled"
