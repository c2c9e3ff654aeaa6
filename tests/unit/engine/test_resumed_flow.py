"""Flows in runs that are resumed."""

from __future__ import annotations

from dataclasses import replace

from skafd.model.flow import SETUP, Flow, StepKind, decode_token, flow_run_id
from skafd.model.project import Job
from tests.support.rules import states_rule
from tests.support.world import BAD, World, job
from tests.unit.engine.test_steps import FAN, begun, flow, left, step


def failed_once(**more: object) -> World:
    """A fan of three of which the second failed, after the first had succeeded."""
    world = begun(replace(flow(*FAN, **more), max_parallel=2), job("after", "flow"))
    world.end("start", output=left("work", items=3))
    world.end("work[0]", output=left("gather"))
    world.end("work[1]", outcome=BAD)
    world.end("work[2]", output=left("gather"))
    return world


def test_what_succeeded_is_taken_over_and_the_rest_waits_for_that() -> None:
    states_rule("A flow that is resumed first takes over what had succeeded, then runs the rest.")
    world = failed_once()
    assert world.run_state() == "failed"
    world.again()
    assert world.states() == {
        "_parameters": "starting",
        "start": "succeeded",
        "work[0]": "succeeded",
        "work[1]": "waiting",
        "work[2]": "succeeded",
        "after": "waiting",
    }
    origin = flow_run_id(world.task("1/start").key.run, next(iter(world.runs.values())).created_at)
    assert decode_token(world.task("_parameters").token or "").members == (origin,)
    assert world.engine.explain(world.task("work[1]").key) == "waits until what succeeded before is taken over"
    world.restart()
    world.end("_parameters")
    assert world.state("work[1]") == "starting"
    world.restart()
    world.end("work[1]", output=left("gather"))
    world.end("gather", output=left("end"))
    world.end("end", output=left())
    world.end("after")
    assert world.run_state() == "succeeded"


def test_hooks_of_the_run_before_are_not_kept() -> None:
    world = failed_once(on_error=("cry",))
    world.end("_on_error[0]")
    world.again()
    assert "_on_error[0]" not in world.states()
    world.end("_parameters")
    world.end("work[1]", outcome=BAD)
    assert world.state("_on_error[0]") == "starting"


def test_a_flow_that_failed_at_once_begins_anew() -> None:
    world = World(flow(*FAN))
    world.run()
    world.end(SETUP, outcome=BAD)
    world.again()
    assert world.states() == {SETUP: "starting"}
    assert decode_token(world.task(SETUP).token or "").members == ()


def succeeded() -> World:
    """A fan of two, all of which succeeded."""
    world = begun(flow(*FAN), job("after", "flow"))
    world.end("start", output=left("work", items=2))
    world.end("work[0]", output=left("gather"))
    world.end("work[1]", output=left("gather"))
    world.end("gather", output=left("end"))
    world.end("end", output=left())
    world.end("after")
    return world


def test_from_a_step_on_all_runs_again_in_places_of_its_own() -> None:
    world = succeeded()
    world.again_from("flow", "work", alpha="2")
    assert world.runs[world.task("start").key.run].parameters == (("alpha", "2"),)
    world.restart()
    assert world.states() == {
        "_parameters": "starting",
        "start": "succeeded",
        "work[0]": "waiting",
        "work[1]": "waiting",
        "_gone[0]": "skipped",
        "_gone[1]": "skipped",
        "after": "waiting",
    }
    origin = flow_run_id(world.task("1/start").key.run, next(iter(world.runs.values())).created_at)
    assert decode_token(world.task("_parameters").token or "").members == (origin, "work")
    world.end("_parameters")
    world.end("work[0]", output=left("gather"))
    world.restart()
    world.end("work[1]", output=left("gather"))
    world.end("gather", output=left("end"))
    assert world.task("gather").key.instance == 6
    world.end("end", outcome=BAD)
    world.again()
    assert {name: state for name, state in world.states().items() if state != "succeeded"} == {
        "_parameters": "starting",
        "_gone[0]": "skipped",
        "_gone[1]": "skipped",
        "end": "waiting",
        "after": "waiting",
    }


def test_from_its_first_step_on_nothing_is_taken_over_but_where_it_comes_from_is_known() -> None:
    world = succeeded()
    world.again_from("flow", "start")
    assert decode_token(world.task(SETUP).token or "").members[1:] == ("start",)
    world.end(SETUP)
    assert world.state("start") == "starting"


def test_a_flow_that_succeeded_may_be_taken_over_whole() -> None:
    world = succeeded()
    world.again(SETUP)
    world.end(SETUP)
    world.end("after")
    assert world.run_state() == "succeeded"
    assert {task.attempt for task in world.runs[world.task("end").key.run].tasks if task.part == "end"} == {0}


def again_on(world: World, *jobs: Job) -> None:
    world.deploy(*jobs)
    run = next(iter(world.runs.values()))
    world.again_on(run, world.live or 0)


def test_a_mended_flow_goes_on_where_the_old_one_failed_and_another_flow_begins_anew() -> None:
    world = failed_once()
    mended = replace(flow(*FAN), entrypoint="flow.py --with retry", max_parallel=2)
    again_on(world, mended, job("after", "flow"))
    assert world.state("work[0]") == "succeeded"
    other = Flow("Flow", "flow.py", "start", (step("start", StepKind.LINEAR, "end"), step("end")))
    world = failed_once()
    again_on(world, job("flow", flow=other), job("after", "flow"))
    assert world.states() == {SETUP: "starting", "after": "waiting"}
