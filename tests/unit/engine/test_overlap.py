"""What an occurrence does while an earlier one has not ended."""

from __future__ import annotations

import pytest

from skafd.model.ids import RunKey
from skafd.model.outcome import Cancelled
from skafd.model.project import CatchUp, Overlap, Retry, Schedule
from tests.support.rules import states_rule
from tests.support.world import BAD, CHURN, World, due_at, job


def world_with(overlap: Overlap, **more: object) -> World:
    return World(job("ingest", schedules=due_at(overlap=overlap), **more), job("train", "ingest"))


@pytest.mark.parametrize("restarted", [False, True])
def test_one_occurrence_waits_and_the_next_is_missed(restarted: bool) -> None:
    world = world_with(Overlap.QUEUE)
    world.fire("ingest")
    world.fire("ingest")
    assert world.states() == {"ingest": "waiting", "train": "waiting"}
    assert world.task("ingest").reason == "waits for run 1 to end, in which 'ingest' has not"
    if restarted:
        world.restart()
    world.fire("ingest")
    assert len(world.runs) == 2
    assert [missed.cause for missed in world.missed] == ["overlap: run 2 already waits for run 1 to end"]
    world.end("1/ingest")
    assert world.state("2/ingest") == "starting"


def test_what_catches_up_with_all_that_it_missed_gives_none_of_it_up() -> None:
    states_rule(
        "Where a schedule of the job has `catch_up: all`, with `queue` they all wait, up to 1,000.", "schedules"
    )
    schedules = (Schedule("0 11 * * *", catch_up=CatchUp.ALL),)
    world = World(job("ingest", schedules=schedules))
    for _ in range(6):
        world.fire("ingest")
    assert (len(world.runs), world.missed) == (6, [])
    for number in range(1, 7):
        assert world.state(f"{number}/ingest") == "starting"
        world.end(f"{number}/ingest")


def test_an_occurrence_waits_for_the_job_of_the_earlier_run_and_not_for_its_dependents() -> None:
    world = world_with(Overlap.QUEUE)
    world.fire("ingest")
    world.end("ingest")
    world.fire("ingest")
    assert world.states(1) == {"ingest": "succeeded", "train": "starting"}
    assert world.state("2/ingest") == "starting"


def test_an_occurrence_waits_while_the_earlier_one_waits_for_its_retry() -> None:
    world = world_with(Overlap.QUEUE, retry=Retry(1, delay_seconds=60))
    world.fire("ingest")
    world.end("ingest", outcome=BAD)
    world.fire("ingest")
    assert world.state("2/ingest") == "waiting"
    world.wait(60)
    world.end("1/ingest", outcome=BAD)
    assert world.state("2/ingest") == "starting"


def test_skip_misses_every_occurrence_while_one_runs() -> None:
    world = world_with(Overlap.SKIP)
    world.fire("ingest")
    world.fire("ingest")
    assert len(world.runs) == 1
    assert [missed.cause for missed in world.missed] == ["overlap: 'ingest' of run 1 has not ended"]
    world.end("ingest")
    world.fire("ingest")
    assert len(world.runs) == 2


def test_cancel_kills_the_old_one_and_then_starts() -> None:
    world = world_with(Overlap.CANCEL)
    world.fire("ingest")
    kills = world.fire("ingest").kills
    assert [(kill.attempt.task.run.number, kill.reason) for kill in kills] == [
        (1, "overlap: its next occasion has come")
    ]
    assert world.state("2/ingest") == "waiting"
    world.end("1/ingest", outcome=Cancelled(kills[0].reason))
    assert world.states(1) == {"ingest": "cancelled", "train": "cancelled"}
    assert world.state("2/ingest") == "starting"


def test_cancel_ends_what_still_waits_too() -> None:
    world = world_with(Overlap.CANCEL)
    for _ in range(3):
        world.fire("ingest")
    assert world.run_state(2) == "cancelled"
    world.end("1/ingest", outcome=Cancelled(""))
    assert world.state("3/ingest") == "starting"


def test_allow_runs_them_side_by_side() -> None:
    world = world_with(Overlap.ALLOW)
    for _ in range(3):
        world.fire("ingest")
    assert [world.state(f"{number}/ingest") for number in (1, 2, 3)] == ["starting"] * 3


def test_a_run_by_hand_neither_waits_nor_is_waited_for() -> None:
    world = world_with(Overlap.QUEUE)
    world.run()
    world.fire("ingest")
    world.run()
    assert [world.state(f"{number}/ingest") for number in (1, 2, 3)] == ["starting"] * 3


def test_an_occurrence_of_two_jobs_runs_the_one_that_does_not_overlap() -> None:
    world = World(job("a", schedules=due_at(overlap=Overlap.SKIP)), job("b", schedules=due_at()), job("c", "a"))
    world.fire("a")
    world.fire("a", "b")
    assert world.states(2) == {"b": "starting"}
    assert [missed.job for missed in world.missed] == ["a"]


def test_a_waiting_occurrence_that_is_cancelled_makes_room_for_the_next() -> None:
    world = world_with(Overlap.QUEUE)
    world.fire("ingest")
    world.fire("ingest")
    world.cancel("2/ingest")
    world.fire("ingest")
    assert world.missed == []
    assert RunKey(CHURN, 3) in world.runs
    world.end("1/ingest")
    assert world.state("3/ingest") == "starting"


def test_a_later_deployment_still_waits_for_the_task_of_the_older() -> None:
    world = world_with(Overlap.QUEUE)
    world.fire("ingest")
    world.deploy(*world.deployments[1].config.jobs)
    world.fire("ingest")
    assert world.state("2/ingest") == "waiting"
    world.end("1/ingest")
    assert world.state("2/ingest") == "starting"
