"""What a new deployment does to the runs there are."""

from __future__ import annotations

from dataclasses import replace

import pytest

from skafd.model.decisions import Deployed
from skafd.model.outcome import Cancelled
from skafd.model.project import Retry, UpdatePolicy
from skafd.model.run import CauseKind
from tests.support.world import World, due_at, job

JOBS = (job("ingest", schedules=due_at()), job("train", "ingest"))
RESTART = UpdatePolicy.RESTART_ALL


def test_running_tasks_keep_the_code_they_started_with() -> None:
    world = World(*JOBS)
    world.fire("ingest")
    decisions = world.deploy(*JOBS)
    assert decisions.kills == ()
    world.end("ingest")
    assert world.state("1/train") == "starting"
    assert [run.deployment for run in world.runs.values()] == [1]
    assert world.engine.deployment_of(world.task("train").key.run).number == 1


@pytest.mark.parametrize("restarted", [False, True])
def test_restart_all_kills_and_runs_anew_on_the_new_deployment(restarted: bool) -> None:
    world = World(*JOBS)
    world.fire("ingest")
    kills = world.deploy(*JOBS, policy=RESTART).kills
    assert [kill.reason for kill in kills] == ["restarted on deployment 2"]
    assert len(world.runs) == 1
    if restarted:
        world.restart()
    world.end("ingest", outcome=Cancelled(kills[0].reason))
    assert world.run_state(1) == "cancelled"
    assert world.states(2) == {"ingest": "starting", "train": "waiting"}
    again = next(run for run in world.runs.values() if run.deployment == 2)
    assert (again.cause.kind, again.cause.detail) == (CauseKind.DEPLOY, "restarted on deployment 2")


@pytest.mark.parametrize("restarted", [False, True])
def test_a_job_that_the_new_deployment_has_run_is_not_run_anew(restarted: bool) -> None:
    jobs = (job("train", retry=Retry(times=1)),)
    world = World(*jobs)
    world.run()
    kills = world.deploy(*jobs, policy=RESTART).kills
    world.end("2/train")
    if restarted:
        world.restart()
    world.end("1/train", outcome=Cancelled(kills[0].reason))
    assert len(world.runs) == 2


def test_a_restarted_job_does_not_wait_for_its_dependencies_again() -> None:
    world = World(*JOBS)
    world.fire("ingest")
    world.end("ingest")
    kills = world.deploy(*JOBS, policy=RESTART).kills
    world.end("train", outcome=Cancelled(kills[0].reason))
    assert world.states(2) == {"train": "starting"}


def test_a_parallel_job_is_restarted_once_when_all_instances_are_gone() -> None:
    jobs = (job("train", parallelism=3, schedules=due_at()),)
    world = World(*jobs)
    world.fire("train")
    kills = world.deploy(*jobs, policy=RESTART).kills
    assert len(kills) == 3
    world.end("1/train", outcome=Cancelled(kills[0].reason))
    world.end("1/train[1]", outcome=Cancelled(kills[0].reason))
    assert len(world.runs) == 1
    world.end("1/train[2]", outcome=Cancelled(kills[0].reason))
    assert world.states(2) == {"train": "starting", "train[1]": "starting", "train[2]": "starting"}


def test_an_unscheduled_root_is_not_run_twice() -> None:
    jobs = (job("ingest"), job("train", "ingest"))
    world = World(*jobs, deployed=True)
    kills = world.deploy(*jobs, policy=RESTART).kills
    assert world.states(2) == {"ingest": "starting", "train": "waiting"}
    world.restart()
    world.end("1/ingest", outcome=Cancelled(kills[0].reason))
    assert len(world.runs) == 2


def test_a_job_that_the_new_deployment_does_not_have_is_gone() -> None:
    world = World(*JOBS)
    world.fire("ingest")
    kills = world.deploy(job("other", schedules=due_at()), policy=RESTART).kills
    world.end("1/ingest", outcome=Cancelled(kills[0].reason))
    assert len(world.runs) == 1


def test_a_task_killed_for_a_restart_is_restarted_and_not_retried_even_if_it_succeeds() -> None:
    jobs = (job("train", schedules=due_at(), retry=Retry(3)),)
    world = World(*jobs)
    world.fire("train")
    world.deploy(*jobs, policy=RESTART)
    world.end("train")
    assert world.states(1) == {"train": "succeeded"}
    assert world.states(2) == {"train": "starting"}


def test_a_task_that_a_user_kills_during_a_restart_stays_dead() -> None:
    world = World(*JOBS)
    world.fire("ingest")
    kills = world.deploy(*JOBS, policy=RESTART).kills
    world.cancel("ingest")
    world.end("ingest", outcome=Cancelled(kills[0].reason))
    assert len(world.runs) == 1


def test_waiting_tasks_of_the_old_deployment_go_on_there() -> None:
    jobs = (job("a", schedules=due_at()), job("b", schedules=due_at()), job("c", "a"))
    world = World(*jobs)
    world.fire("a", "b")
    world.end("a")
    kills = world.deploy(*jobs, policy=UpdatePolicy.RESTART_NONE).kills
    assert kills == ()
    world.end("1/c")
    world.end("1/b")
    assert world.run_state(1) == "succeeded"


def test_what_waits_for_a_job_that_is_no_longer_there_is_skipped() -> None:
    world = World(job("a", schedules=due_at()), job("b", "a", schedules=due_at()))
    world.fire("b")
    assert world.state("b") == "waiting"
    world.deploy(job("b", schedules=due_at()))
    assert world.states(1) == {"b": "skipped"}
    assert world.task("1/b").reason == "waits for 'a', which has not succeeded yet"


def test_a_run_by_hand_that_uses_up_the_last_success_of_a_job_that_is_gone_ends_the_wait() -> None:
    jobs = (job("a"), job("c"), job("d", "a", "c", schedules=due_at()))
    world = World(*jobs)
    world.run("c", only=True)
    world.end("c")
    world.fire("d")
    world.deploy(jobs[0], job("d", "a", schedules=due_at()))
    assert world.states(2) == {"d": "waiting"}
    world.run("d", only=True)
    assert world.states(2) == {"d": "skipped"}


def test_going_back_does_not_run_what_runs_once_per_deployment() -> None:
    world = World(job("ingest"), job("train", "ingest"))
    first = world.deployments[1]
    world.deploy(job("ingest"))
    assert [run.deployment for run in world.runs.values()] == [2]
    assert world.send(Deployed(first, first_time=False)).new_runs == ()
    assert world.engine.live(first.project) == first


def test_an_outline_is_the_run_without_its_tasks() -> None:
    world = World(*JOBS)
    world.fire("ingest")
    key = world.task("ingest").key.run
    run = world.engine.run(key)
    assert run is not None
    assert world.engine.outline(key) == replace(run, tasks=())
    world.end("ingest")
    world.end("train")
    assert world.engine.outline(key) is None
