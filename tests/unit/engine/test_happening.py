"""What follows from events from outside, by the rules of docs/events.md."""

from __future__ import annotations

import pytest

from skafd.engine import Engine
from skafd.engine.circles import find_circle
from skafd.model.decisions import Decisions, Deployed, Event, ProjectForgotten, RunRequested
from skafd.model.deployment import Deployment
from skafd.model.ids import DeploymentNumber, JobId, ProjectId
from skafd.model.outcome import Cancelled
from skafd.model.project import Generation, Job, Overlap, Parameter, Project, TriggerKind
from skafd.model.run import Cause, CauseKind
from tests.support.rules import states_rule
from tests.support.world import BAD, CHURN, NOON, ROOMY, World, due_at, job, waiting_for


def rule(sentence: str) -> None:
    states_rule(sentence, "events")


def test_an_event_starts_the_jobs_that_wait_for_it_and_their_dependents() -> None:
    rule("A job that waits for events runs when one comes, and not because it was deployed.")
    rule("An event makes one run in each project: of the jobs that wait for it, and of what depends on them.")
    jobs = (
        job("load", triggers=waiting_for()),
        job("also", triggers=waiting_for()),
        job("other", triggers=waiting_for("closed")),
        job("train", "load"),
        job("nightly", "load", schedules=due_at()),
        job("apart"),
    )
    world = World(*jobs, deployed=True)
    assert world.states(1) == {"apart": "starting"}
    world.happen("ready")
    assert world.states(2) == {"load": "starting", "also": "starting", "train": "waiting"}
    assert world.runs[sorted(world.runs)[1]].cause.detail == "event ready"


def test_an_event_that_nobody_waits_for_is_kept() -> None:
    world = World(job("load", triggers=waiting_for()))
    decisions = world.happen("another", key="k")
    assert world.runs == {}
    assert [(one.number, one.event.name, one.event.key) for one in decisions.heard] == [(1, "another", "k")]


def test_numbers_of_events_are_never_used_again() -> None:
    world = World(job("load", triggers=waiting_for(overlap=Overlap.ALLOW)))
    world.happen()
    world.restart()
    world.happen()
    assert [one.number for one in world.heard] == [1, 2]
    assert [run.cause.event.number for run in world.runs.values() if run.cause.event] == [1, 2]


@pytest.mark.parametrize("restarted", [False, True])
def test_runs_of_events_go_one_after_another(restarted: bool) -> None:
    rule("With `overlap: queue`, which is the default, each event gets its run, and they go one after another.")
    world = World(job("load", triggers=waiting_for()))
    for _ in range(4):
        world.happen()
    if restarted:
        world.restart()
    assert [world.state(f"{number}/load") for number in range(1, 5)] == ["starting", "waiting", "waiting", "waiting"]
    for number in range(1, 5):
        assert world.state(f"{number}/load") == "starting"
        world.end(f"{number}/load")
    assert world.unheeded == []


def test_the_other_ways_to_overlap() -> None:
    rule("With `overlap: skip` an event passes by, with `cancel` it ends the old run first, and with `allow` both run.")
    skip = World(job("load", triggers=waiting_for(overlap=Overlap.SKIP)))
    skip.happen()
    skip.happen()
    assert [(one.event, one.job, one.cause) for one in skip.unheeded] == [
        (2, "load", "overlap: 'load' of run 1 has not ended")
    ]
    cancel = World(job("load", triggers=waiting_for(overlap=Overlap.CANCEL)))
    cancel.happen()
    cancel.happen()
    assert cancel.state("2/load") == "waiting"
    cancel.end("1/load", outcome=Cancelled("overlap"))
    assert cancel.state("2/load") == "starting"
    allow = World(job("load", triggers=waiting_for(overlap=Overlap.ALLOW)))
    allow.happen()
    allow.happen()
    assert allow.state("1/load") == allow.state("2/load") == "starting"


def test_schedules_and_events_of_a_job_stand_in_one_line() -> None:
    world = World(job("load", triggers=waiting_for(), schedules=due_at()))
    world.happen()
    world.fire("load")
    world.happen()
    assert [world.state(f"{number}/load") for number in (1, 2, 3)] == ["starting", "waiting", "waiting"]


def test_a_job_with_dependencies_waits_for_them_after_its_event() -> None:
    rule(
        "A job with both `on` and dependencies starts at its event, "
        "once its dependencies have succeeded since its own last start."
    )
    world = World(job("ingest", schedules=due_at()), job("train", "ingest", triggers=waiting_for()))
    world.happen()
    assert world.state("1/train") == "waiting"
    world.fire("ingest")
    world.end("2/ingest")
    assert world.state("1/train") == "starting"
    assert world.states(2) == {"ingest": "succeeded"}


def test_a_paused_job_lets_events_pass() -> None:
    rule("While a job is paused, events pass it by.")
    world = World(job("load", triggers=waiting_for()), job("also", triggers=waiting_for()))
    world.engine.pause([(CHURN, JobId("load"))])
    world.happen()
    assert world.states() == {"also": "starting"}
    world.engine.pause([(CHURN, None)])
    world.happen()
    assert [(one.event, one.job, one.cause) for one in world.unheeded] == [
        (1, "load", "paused"),
        (2, "load", "paused"),
        (2, "also", "paused"),
    ]


def test_a_run_is_given_the_parameters_that_its_project_declares() -> None:
    rule(
        "A run is given those of an event's parameters that its project declares; "
        "the event passes by where one has the wrong type."
    )
    rule("With `fields`, a parameter takes its value from what the event calls otherwise.")
    declared = (Parameter("rows", "int"), Parameter("region"), Parameter("mode"))
    triggers = waiting_for(parameters=(("mode", "fast"),), fields=(("region", "area"),), overlap=Overlap.ALLOW)
    world = World(job("load", triggers=triggers, parameters=declared))
    world.happen(parameters=(("rows", "7"), ("area", "eu"), ("unknown", "x")))
    (run,) = world.runs.values()
    assert dict(run.parameters) == {"mode": "fast", "rows": "7", "region": "eu"}
    world.happen(parameters=(("rows", "many"),))
    assert [one.cause for one in world.unheeded] == ["its parameter rows is of type int, which 'many' is not"]


def test_a_run_that_is_resumed_is_about_the_same_event() -> None:
    world = World(job("load", triggers=waiting_for()))
    world.happen(facts=(("FILE", "/in/a.csv"),))
    world.end("load", outcome=BAD)
    world.again()
    assert world.runs[sorted(world.runs)[1]].cause.event == world.runs[sorted(world.runs)[0]].cause.event


# --- projects that wait for each other ------------------------------------------------------------------


def waits(name: str) -> tuple[Job, ...]:
    return (job("on", triggers=waiting_for(name, TriggerKind.PROJECT)), job("after", "on"))


class Machine:
    """Several projects, each with its jobs, on one engine."""

    def __init__(self, **projects: tuple[Job, ...]) -> None:
        self.engine = Engine(ROOMY)
        for slug, jobs in projects.items():
            self.deploy(slug, *jobs)

    def deploy(self, slug: str, *jobs: Job) -> None:
        config = Project(slug, Generation.JOBS, jobs)
        deployment = Deployment(ProjectId(f"id-{slug}"), DeploymentNumber(1), "", config, "", NOON, slug=slug)
        self.engine.handle([Deployed(deployment, first_time=False)], NOON)

    def run_out(self, event: Event) -> list[Decisions]:
        """What is decided until nothing is alive any more."""
        from skafd.model.decisions import AttemptEnded
        from skafd.model.outcome import Exited

        found = [self.engine.handle([event], NOON)]
        while found[-1].launches:
            assert len(found) < 100, "it goes on for ever"
            found.append(self.engine.handle([AttemptEnded(one, Exited(0)) for one in found[-1].launches], NOON))
        return found

    def manual(self, slug: str) -> list[tuple[str, str]]:
        """Runs by hand; the causes of all runs that follow, with their projects."""
        found = self.run_out(RunRequested(ProjectId(f"id-{slug}"), Cause(CauseKind.MANUAL)))
        return [(run.key.project, run.cause.detail) for decisions in found for run in decisions.new_runs]


def test_the_success_of_another_project_sets_off_its_listeners() -> None:
    rule(
        "`on: {project: other}` waits for runs of the other project that succeed, "
        "`other/job` for its job; the cause names the run."
    )
    machine = Machine(a=(job("x"), job("y", "x")), b=waits("a"), c=waits("a/x"))
    assert machine.manual("a") == [
        ("id-a", ""),
        ("id-c", "a/1/x succeeded"),
        ("id-b", "a/1 succeeded"),
    ]


def test_the_other_project_may_come_later() -> None:
    rule("The other project may be deployed later.")
    machine = Machine(b=waits("a"))
    machine.deploy("a", job("x"))
    assert machine.manual("a") == [("id-a", ""), ("id-b", "a/1 succeeded")]
    machine.engine.handle([ProjectForgotten(ProjectId("id-b"))], NOON)
    assert machine.manual("a") == [("id-a", "")]


def test_what_fails_sets_off_nobody() -> None:
    from skafd.model.decisions import AttemptEnded

    machine = Machine(a=(job("x"),), b=waits("a"), c=waits("a/x"))
    found = machine.engine.handle([RunRequested(ProjectId("id-a"), Cause(CauseKind.MANUAL))], NOON)
    assert machine.engine.handle([AttemptEnded(found.launches[0], BAD)], NOON).heard == ()


def test_a_chain_that_comes_round_ends_there() -> None:
    rule(
        "Projects that would set each other off for ever are refused when they are deployed, "
        "and a chain that comes round ends there."
    )
    machine = Machine(a=waits("b/after"), b=waits("a"))
    found = machine.run_out(RunRequested(ProjectId("id-a"), Cause(CauseKind.MANUAL)))
    unheeded = [one for decisions in found for one in decisions.unheeded]
    assert [one.cause for one in unheeded] == ["it would set itself off again: b/on -> a/on -> b/on"]


def test_circles_are_found_before() -> None:
    def config(*jobs: Job) -> Project:
        return Project("p", Generation.JOBS, jobs)

    plain, back = config(job("x"), job("y", "x")), config(*waits("a"))
    assert find_circle({"a": plain, "b": back}, "b") == []
    circle = find_circle({"a": config(*waits("b/after")), "b": back}, "b")
    assert circle[0] == circle[-1]
    assert {"a/on", "b/on", "b/after"} <= {*circle}
    assert find_circle({"a": config(*waits("b/nobody")), "b": back}, "b") == []
    assert find_circle({"a": config(*waits("a"))}, "a") == ["a/on", "a/on"], "its own success"
    # A job may wait for another of its own project.
    apart = config(job("x"), job("on", triggers=waiting_for("a/x", TriggerKind.PROJECT)))
    assert find_circle({"a": apart}, "a") == []
