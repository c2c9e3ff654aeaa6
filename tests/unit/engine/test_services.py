"""Jobs that do not end: their own runs, another start whenever they end, and what a new deployment does to them."""

from __future__ import annotations

import pytest

from skafd.model.decisions import ProjectForgotten
from skafd.model.outcome import Cancelled, Exited, Lost, Outcome
from skafd.model.project import JobType, OnDeploy
from tests.support.world import CHURN, World, job

SERVE = job("serve", type=JobType.SERVICE)
JOBS = (job("train"), SERVE)


def test_a_service_has_a_run_of_its_own_and_is_in_no_other() -> None:
    world = World(*JOBS, deployed=True)
    assert world.states(1) == {"train": "starting"}
    assert world.states(2) == {"serve": "starting"}
    world.end("1/train")
    assert world.run_state(1) == "succeeded"
    world.run()
    assert world.states(3) == {"train": "starting"}


@pytest.mark.parametrize("outcome", [Exited(0), Exited(3), Lost("the machine was restarted")])
def test_it_is_started_again_however_it_ended(outcome: Outcome) -> None:
    world = World(SERVE, deployed=True)
    for pause_seconds in (0.5, 1.0, 2.0):
        world.end("serve", outcome=outcome)
        assert world.state("serve") == "waiting"
        world.wait(pause_seconds - 0.1)
        assert world.state("serve") == "waiting"
        world.wait(0.2)
        assert world.state("serve") == "starting"
    assert world.run_state(1) == "running"


def test_one_that_ran_well_for_a_while_is_back_at_once() -> None:
    world = World(SERVE, deployed=True)
    for _ in range(4):
        world.end("serve", outcome=Exited(1))
        world.wait(120)
    world.start("serve")
    world.wait(120)
    world.end("serve", outcome=Exited(1))
    world.wait(0.6)
    assert world.state("serve") == "starting"


def test_a_new_deployment_takes_its_place_when_it_has_ended() -> None:
    world = World(SERVE, deployed=True)
    kills = world.deploy(SERVE).kills
    assert [kill.reason for kill in kills] == ["restarted on deployment 2"]
    assert world.states(2) == {"serve": "waiting"}
    world.end("1/serve", outcome=Cancelled(kills[0].reason))
    assert world.states(2) == {"serve": "starting"}
    assert len(world.runs) == 2
    kills = world.deploy(job("train")).kills
    world.end("2/serve", outcome=Cancelled(kills[0].reason))
    assert world.run_state(2) == "cancelled"


def test_one_that_was_killed_stays_away_until_it_is_asked_for() -> None:
    world = World(SERVE, deployed=True)
    world.cancel("serve")
    world.end("serve", outcome=Cancelled("by request"))
    assert world.run_state(1) == "cancelled"
    world.wait(3600)
    assert len(world.runs) == 1
    world.run("serve")
    assert world.states(2) == {"serve": "starting"}


def test_it_ends_with_its_project_and_may_wait_for_somebody_to_start_it() -> None:
    world = World(SERVE, deployed=True)
    assert [kill.reason for kill in world.send(ProjectForgotten(CHURN)).kills] == ["the project is no longer deployed"]
    assert World(job("serve", type=JobType.SERVICE, on_deploy=OnDeploy.WAIT), deployed=True).runs == {}
