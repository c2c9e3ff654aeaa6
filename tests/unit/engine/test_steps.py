"""Flows: one job whose tasks come to be as it goes."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest

from skafd.engine.steps import OpenFlow
from skafd.model.flow import Flow, FlowStep, StepKind, decode_token, encode_token
from skafd.model.ids import JobId, RunKey
from skafd.model.limits import Capacity, Limits
from skafd.model.outcome import Exited, OomKilled
from skafd.model.project import Job, Overlap, Trigger, TriggerKind
from tests.support.rules import states_rule
from tests.support.world import BAD, CHURN, World, due_at, job

LINEAR, SPLIT, FOREACH, JOIN, SWITCH = StepKind


def flow(*steps: FlowStep, **more: object) -> Job:
    """A job called `flow` with these steps; the first is where it starts."""
    plan = Flow("Flow", "flow.py", steps[0].name, steps)
    return job("flow", flow=replace(plan, **more))  # type: ignore[arg-type]


def step(name: str, kind: StepKind = LINEAR, *following: str, **more: object) -> FlowStep:
    return FlowStep(name, kind, following, **more)  # type: ignore[arg-type]


def left(*following: str, items: int | None = None, **more: object) -> str:
    return json.dumps({"next": following, "items": items, **more})


def begun(*jobs: Job, names: tuple[str, ...] = (), **more: object) -> World:
    """A run whose flow has its parameters."""
    world = World(*jobs, **more)  # type: ignore[arg-type]
    world.run(*names)
    world.end("_parameters")
    return world


LINE = (step("start", LINEAR, "end"), step("end"))
FAN = (
    step("start", FOREACH, "work"),
    step("work", LINEAR, "gather", is_repeated=True),
    step("gather", JOIN, "end"),
    step("end"),
)


def test_each_step_follows_from_the_one_before_it() -> None:
    states_rule("A flow begins with its parameters; what each step says when it ends decides which come next.")
    world = World(flow(*LINE), job("after", "flow"))
    world.run()
    assert world.states() == {"_parameters": "starting", "after": "waiting"}
    world.end("_parameters")
    assert world.states() == {"_parameters": "succeeded", "start": "starting", "after": "waiting"}
    world.end("start", output=left("end"))
    world.end("end", output=left())
    assert world.state("after") == "starting"
    world.end("after")
    assert world.run_state() == "succeeded"


def test_a_foreach_has_a_task_for_each_item_and_its_join_gets_them_in_order() -> None:
    world = begun(flow(*FAN))
    world.end("start", output=left("work", items=3))
    assert world.states() == {
        "_parameters": "succeeded",
        "start": "succeeded",
        **{f"work[{number}]": "starting" for number in range(3)},
    }
    for number in (2, 0, 1):
        world.restart()
        world.end(f"work[{number}]", output=left("gather"))
    place = world.engine.particulars(world.task("gather").key).step
    assert place is not None
    assert place.inputs == (("work", 2), ("work", 3), ("work", 4))
    assert place.token.frames == ()


def test_foreach_inside_foreach_joins_from_the_inside() -> None:
    world = begun(
        flow(
            step("start", FOREACH, "outer"),
            step("outer", FOREACH, "inner", is_repeated=True),
            step("inner", LINEAR, "join", is_repeated=True),
            step("join", JOIN, "gather", is_repeated=True),
            step("gather", JOIN, "end"),
            step("end"),
        )
    )
    world.end("start", output=left("outer", items=2))
    world.end("outer[1]", output=left("inner", items=1))
    world.end("outer[0]", output=left("inner", items=2))
    world.end("inner[0]", "inner[1]", "inner[2]", output=left("join"))
    assert {name: state for name, state in world.states().items() if "join" in name} == {
        "join[0]": "starting",
        "join[1]": "starting",
    }
    world.end("join[0]", output=left("gather"))
    world.restart()
    world.end("join[1]", output=left("gather"))
    place = world.engine.particulars(world.task("gather").key).step
    assert place is not None
    assert [world.task(f"outer[{index}]").key.instance for index in (0, 1)] == [2, 3]
    joined_for_outer = [decode_token(world.task(f"join[{n}]").token or "").frames[-1].index for n in (0, 1)]
    assert [one for _, one in place.inputs] == [
        world.task(f"join[{joined_for_outer.index(index)}]").key.instance for index in (0, 1)
    ]


def test_a_split_joins_when_every_branch_is_there_whatever_way_it_came() -> None:
    states_rule(
        "A join begins when all that one split or one foreach began has arrived, whatever way each came. "
        "It gets them in order."
    )
    world = begun(
        flow(
            step("start", SPLIT, "a", "b"),
            step("a", SWITCH, "left", "right"),
            step("left", LINEAR, "join"),
            step("right", LINEAR, "join"),
            step("b", LINEAR, "join"),
            step("join", JOIN, "end"),
            step("end"),
        )
    )
    world.end("start", output=left("a", "b"))
    world.end("b", output=left("join"))
    world.end("a", output=left("right"))
    assert "left" not in world.states()
    world.end("right", output=left("join"))
    place = world.engine.particulars(world.task("join").key).step
    assert place is not None
    assert [name for name, _ in place.inputs] == ["right", "b"]


def test_a_switch_may_go_back_to_itself() -> None:
    world = begun(
        flow(step("start", LINEAR, "loop"), step("loop", SWITCH, "loop", "end", is_repeated=True), step("end"))
    )
    world.end("start", output=left("loop"))
    for number in range(3):
        world.end(f"loop[{number}]", output=left("loop"))
    world.end("loop[3]", output=left("end"))
    world.end("end", output=left())
    assert world.run_state() == "succeeded"
    assert len(world.states()) == 7


def test_a_gang_is_one_task_that_reserves_for_all_its_processes() -> None:
    states_rule("A `@parallel` step is one task; it reserves, and may use, its `@resources` once for each process.")
    world = begun(
        flow(
            step("start", FOREACH, "train"),
            step("train", LINEAR, "join", is_repeated=True, limits=Limits(cpu=1, memory_bytes=2**30)),
            step("join", JOIN, "end"),
            step("end"),
        )
    )
    world.end("start", output=left("train", gang={"size": 4, "counts_itself": True}))
    found = world.engine.particulars(world.task("train[0]").key)
    assert found.limits == Limits(cpu=4, memory_bytes=4 * 2**30)
    assert found.step is not None
    assert found.step.token.index == 0
    world.end("train[0]", output=left("join", members=["r/train/a", "r/train/b"]))
    place = world.engine.particulars(world.task("join").key).step
    assert place is not None
    assert place.token.members == ("r/train/a", "r/train/b")


def test_after_a_failure_nothing_more_begins_and_what_runs_goes_on() -> None:
    states_rule("When a step of a flow has failed, nothing more of it begins; what runs goes on to its end.")
    world = begun(replace(flow(*FAN), max_parallel=2), job("after", "flow"))
    world.end("start", output=left("work", items=4))
    world.end("work[0]", outcome=BAD)
    assert [world.state(f"work[{number}]") for number in range(4)] == [
        *("failed", "starting", "upstream_failed", "upstream_failed")
    ]
    assert world.task("work[2]").reason == "'work[0]' failed"
    world.end("work[1]", output=left("gather"))
    assert world.run_state() == "failed"
    assert world.task("after").reason == "'flow' failed: exit code 1"


def test_a_failed_flow_that_is_caught_lets_its_dependents_go() -> None:
    world = begun(replace(flow(*FAN), catch=True, max_parallel=1), job("after", "flow"))
    world.end("start", output=left("work", items=2))
    world.end("work[0]", outcome=BAD)
    assert world.state("after") == "starting"
    world.end("after")
    assert world.run_state() == "succeeded"


def test_a_step_is_tried_again_also_after_memory_ran_out_and_not_when_it_says_so() -> None:
    states_rule("A step is tried again however it failed, unless it ends with the exit code 202.")
    steps = (step("start", LINEAR, "end", retries=1, fallbacks=3, retry_delay_seconds=60), step("end"))
    world = begun(flow(*steps))
    world.end("start", outcome=OomKilled(2**20, 2**20))
    assert world.state("start") == "waiting"
    world.wait(61)
    world.end("start", outcome=Exited(202))
    assert world.state("start") == "failed"


def test_what_a_step_says_must_be_what_its_code_said() -> None:
    world = begun(flow(*LINE))
    world.end("start", output=left("elsewhere"))
    assert world.task("start").reason == "it went to elsewhere, and its code says end"
    assert world.run_state() == "failed"


@pytest.mark.parametrize(
    ("output", "reason"),
    [
        (None, "it ended without saying what comes next"),
        ("{}", "what it says of what comes next cannot be read: KeyError('next')"),
    ],
)
def test_a_step_that_says_nothing_has_failed(output: str | None, reason: str) -> None:
    world = begun(flow(*LINE))
    world.end("start", output=output)
    assert world.task("start").reason == reason


def test_hooks_run_when_all_else_has_ended() -> None:
    states_rule("A flow's exit hooks run when all else of it has ended; the flow ends with them.")
    world = begun(flow(*LINE, on_success=("cheer", "tell"), on_error=("cry",)), job("after", "flow"))
    world.end("start", output=left("end"))
    world.end("end", output=left())
    assert (world.state("_on_success[0]"), world.state("_on_success[1]")) == ("starting", "starting")
    assert world.state("after") == "waiting"
    world.end("_on_success[0]", "_on_success[1]")
    assert world.state("after") == "starting"


def test_hooks_for_failures_run_after_a_failure() -> None:
    world = begun(flow(*LINE, on_error=("cry",)))
    world.end("start", outcome=BAD)
    assert world.states() == {"_parameters": "succeeded", "start": "failed", "_on_error[0]": "starting"}
    world.end("_on_error[0]")
    assert world.run_state() == "failed"


def test_a_flow_that_is_cancelled_begins_nothing_more() -> None:
    world = begun(flow(*FAN))
    world.end("start", output=left("work", items=1))
    world.cancel("work[0]")
    world.end("work[0]", output=left("gather"))
    assert world.state("gather") == "cancelled"
    assert world.run_state() == "cancelled"


def test_a_flow_waits_for_its_dependencies_and_for_its_turn() -> None:
    world = World(job("before"), replace(flow(*LINE), dependencies=(JobId("before"),)))
    world.run()
    assert world.state("_parameters") == "waiting"
    world.end("before")
    assert world.state("_parameters") == "starting"
    world = World(replace(flow(*LINE), schedules=due_at(overlap=Overlap.QUEUE)))
    world.fire("flow")
    world.end("_parameters")
    world.fire("flow")
    assert world.state("2/_parameters") == "waiting"
    world.end("1/start", output=left("end"))
    assert world.state("2/_parameters") == "waiting"
    world.end("1/end", output=left())
    assert world.state("2/_parameters") == "starting"


def test_ten_thousand_items_are_joined() -> None:
    open_flow = OpenFlow(flow(*FAN).flow)  # type: ignore[arg-type]
    open_flow.add(open_flow.follow(0, None) if open_flow.tokens else [])
    open_flow.add([decode_token('{"step":"start","inputs":[],"frames":[]}')])
    open_flow.add(open_flow.follow(0, left("work", items=10_000)))
    ends = [open_flow.follow(instance, left("gather")) for instance in range(1, 10_001)]
    assert [len(one) for one in ends] == [0] * 9_999 + [1]
    assert ends[-1][0].inputs == tuple(range(1, 10_001))
    assert decode_token(encode_token(ends[-1][0])) == ends[-1][0]


def test_many_tasks_of_a_flow_share_the_machine() -> None:
    world = begun(flow(*FAN), capacity=Capacity(cpu=2, memory_bytes=2**30))
    world.end("start", output=left("work", items=5))
    assert list(world.states().values()).count("queued") == 3
    assert world.engine.explain(world.task("work[4]").key) == "waits for 1 of cpu, 0 free"


def test_other_flows_may_wait_for_one_to_finish() -> None:
    states_rule("A flow that has succeeded is the named event `metaflow.<Flow>.end`.")
    waits = (Trigger(TriggerKind.EVENT, "metaflow.Flow.end"),)
    world = begun(flow(*LINE, finish_event="metaflow.Flow.end"), replace(job("after"), triggers=waits), names=("flow",))
    world.end("start", output=left("end"))
    world.end("end", output=left())
    assert world.state("2/after") == "starting"
    event = world.runs[RunKey(CHURN, 2)].cause.event
    assert event is not None
    assert dict(event.facts)["FLOW_TASK"].startswith("Flow/skafd-1-")
    assert dict(event.facts)["FLOW_TASK"].endswith("/end/t2")
