"""Which jobs a run has."""

from __future__ import annotations

from dataclasses import replace

import pytest

from skafd.model.decisions import ProjectForgotten, RunRequested
from skafd.model.ids import JobId, ProjectId, RunKey
from skafd.model.project import OnDeploy
from skafd.model.run import Cause, CauseKind
from tests.support.world import BAD, CHURN, World, due_at, job

GRAPH = (
    job("ingest", schedules=due_at()),
    job("train", "ingest"),
    job("audit", "ingest", schedules=due_at("0 20 * * *")),
    job("notify", "audit"),
    job("clean"),
    job("tidy", "clean"),
)


def test_a_run_by_hand_has_the_whole_graph_scheduled_jobs_included() -> None:
    world = World(*GRAPH)
    world.run()
    assert list(world.states()) == ["ingest", "train", "audit", "notify", "clean", "tidy"]


def test_a_run_of_a_job_has_what_depends_on_it_too() -> None:
    world = World(*GRAPH)
    world.run("audit")
    assert world.states() == {"audit": "starting", "notify": "waiting"}


def test_a_run_of_a_job_alone_has_nothing_else() -> None:
    world = World(*GRAPH)
    world.run("audit", only=True)
    assert world.states() == {"audit": "starting"}


def test_a_schedule_runs_the_job_and_those_of_its_dependents_that_have_no_schedule() -> None:
    world = World(*GRAPH)
    world.fire("ingest")
    assert world.states() == {"ingest": "starting", "train": "waiting"}


def test_a_deployment_runs_unscheduled_roots_and_what_depends_on_them() -> None:
    world = World(*GRAPH, deployed=True)
    assert world.states() == {"clean": "starting", "tidy": "waiting"}
    assert world.runs[RunKey(CHURN, 1)].cause == Cause(CauseKind.DEPLOY, detail="deployment 1")


def test_a_deployment_without_such_jobs_makes_no_run() -> None:
    assert World(GRAPH[0], job("clean", on_deploy=OnDeploy.WAIT), deployed=True).runs == {}


def test_a_job_on_a_deployed_root_and_a_scheduled_one_waits_for_both() -> None:
    world = World(job("setup"), job("ingest", schedules=due_at()), job("train", "setup", "ingest"), deployed=True)
    world.end("setup")
    assert world.states() == {"setup": "succeeded", "train": "skipped"}
    world.fire("ingest")
    world.end("ingest")
    assert world.states() == {"ingest": "succeeded", "train": "starting"}


@pytest.mark.parametrize("cause", list(CauseKind))
def test_jobs_that_do_not_exist_make_no_run(cause: CauseKind) -> None:
    world = World(*GRAPH)
    world.send(RunRequested(CHURN, Cause(cause), (JobId("nonsense"),)))
    assert world.runs == {}


def test_a_project_that_is_not_deployed_makes_no_run() -> None:
    world = World(*GRAPH)
    world.send(RunRequested(ProjectId("other"), Cause(CauseKind.MANUAL)))
    assert world.runs == {}
    assert world.engine.live(ProjectId("other")) is None


def test_runs_are_numbered_on_after_a_restart() -> None:
    world = World(*GRAPH)
    world.run("tidy")
    world.end("tidy")
    world.restart()
    world.run("tidy")
    assert [key.number for key in world.runs] == [1, 2]


def test_parameters_stay_with_the_run() -> None:
    world = World(*GRAPH)
    parameters = (("epochs", "3"),)
    world.send(RunRequested(CHURN, Cause(CauseKind.MANUAL), parameters=parameters))
    run = world.engine.run(RunKey(CHURN, 1))
    assert run is not None
    assert run.parameters == parameters


def test_max_runs_ends_a_schedule_without_a_trace() -> None:
    world = World(job("ingest", schedules=due_at(), max_runs=2))
    for number in (1, 2):
        assert not world.engine.is_spent(CHURN, JobId("ingest"))
        world.fire("ingest")
        world.end(f"{number}/ingest")
    assert world.engine.is_spent(CHURN, JobId("ingest"))
    world.fire("ingest")
    world.restart()
    world.fire("ingest")
    assert len(world.runs) == 2
    assert world.missed == []


def test_a_new_deployment_counts_max_runs_anew() -> None:
    jobs = (job("ingest", schedules=due_at(), max_runs=1),)
    world = World(*jobs)
    world.fire("ingest")
    world.end("ingest")
    assert world.engine.is_spent(CHURN, JobId("ingest"))
    world.deploy(*jobs)
    assert not world.engine.is_spent(CHURN, JobId("ingest"))
    world.fire("ingest")
    assert len(world.runs) == 2


def test_runs_by_hand_do_not_count_against_max_runs() -> None:
    world = World(job("ingest", schedules=due_at(), max_runs=1))
    world.run()
    assert not world.engine.is_spent(CHURN, JobId("ingest"))


def test_a_forgotten_project_starts_nothing_new_and_lets_running_tasks_end() -> None:
    world = World(replace(GRAPH[0], schedules=()), GRAPH[1])
    world.run()
    world.send(ProjectForgotten(CHURN))
    assert world.states() == {"ingest": "starting", "train": "cancelled"}
    assert world.task("train").reason == "cancelled: the project is no longer deployed"
    world.end("ingest", outcome=BAD)
    assert world.run_state() == "failed"
    world.run()
    assert len(world.runs) == 1
