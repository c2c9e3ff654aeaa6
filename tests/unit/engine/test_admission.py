"""What waits for room on the machine, and what goes first."""

from __future__ import annotations

from skafd.model.decisions import RunRequested
from skafd.model.limits import Capacity, Limits, Resources
from skafd.model.run import Cause, CauseKind
from tests.support.world import CHURN, World, job, using

EIGHT_GI = Capacity(cpu=4, memory_bytes=8 * 2**30, gpu=2)


def test_a_task_waits_until_there_is_memory_for_it_and_says_so() -> None:
    world = World(job("a", resources=using(memory="6")), job("b", resources=using(memory="6")), capacity=EIGHT_GI)
    decisions = world.run()
    assert world.states() == {"a": "starting", "b": "queued"}
    assert world.task("b").reason == "waits for 6Gi of memory, 2Gi free"
    assert [launch.task.job for launch in decisions.launches] == ["a"]
    world.end("a")
    assert world.state("b") == "starting"


def test_a_task_waits_for_cpu_and_for_gpus() -> None:
    world = World(
        job("a", resources=using(cpu=2.5, gpu=2)),
        job("b", resources=using(cpu=2.5)),
        job("c", resources=using(gpu=1)),
        capacity=EIGHT_GI,
    )
    world.run()
    assert world.states() == {"a": "starting", "b": "queued", "c": "queued"}
    assert world.task("b").reason == "waits for 2.5 of cpu, 1.5 free"
    assert world.task("c").reason == "waits for 1 of gpu, 0 free"


def test_the_number_of_tasks_is_bounded_too() -> None:
    world = World(*(job(name) for name in "abc"), capacity=Capacity(4, 2**30, tasks=2))
    world.run()
    assert world.states() == {"a": "starting", "b": "starting", "c": "queued"}
    assert world.task("c").reason == "waits for one of 2 running tasks to end"


def test_a_job_larger_than_the_machine_runs_alone() -> None:
    world = World(job("huge", resources=using(cpu=64, memory="512")), job("small", resources=using(0.1)))
    world.capacity = EIGHT_GI
    world.restart()
    world.run()
    assert world.states() == {"huge": "starting", "small": "queued"}


def test_what_is_requested_is_reserved_where_both_are_said() -> None:
    resources = Resources(requests=Limits(cpu=1), limits=Limits(cpu=4))
    world = World(job("a", parallelism=4, resources=resources), capacity=EIGHT_GI)
    world.run()
    assert set(world.states().values()) == {"starting"}


def test_tenths_of_a_core_add_up_exactly() -> None:
    world = World(job("a", parallelism=11, resources=using(cpu=0.1)), capacity=Capacity(1, 2**30))
    world.run()
    assert list(world.states().values()).count("starting") == 10


def test_tasks_start_in_the_order_in_which_they_were_queued() -> None:
    world = World(job("a", parallelism=4, resources=using(cpu=2)), job("b", resources=using(cpu=1)))
    world.capacity = EIGHT_GI
    world.restart()
    world.run("a")
    assert [attempt.task.instance for attempt in world.launched] == [0, 1]
    world.run("b")
    world.end("1/a")
    assert [(one.task.job, one.task.instance) for one in world.launched[2:]] == [("a", 2)]


def test_a_small_task_passes_a_large_one_for_a_minute_and_no_longer() -> None:
    world = World(
        job("first", resources=using(cpu=3)),
        job("large", resources=using(cpu=4)),
        job("small", resources=using(cpu=1)),
        capacity=EIGHT_GI,
    )
    world.run("first")
    world.run("large")
    world.run("small")
    assert world.states() == {"small": "starting"}
    world.end("small")
    world.wait(60)
    world.run("small")
    assert world.states() == {"small": "queued"}
    assert world.task("small").reason == "waits behind a larger task that was queued before it"
    world.end("1/first")
    assert world.state("2/large") == "starting"
    world.end("2/large")
    assert world.state("4/small") == "starting"


def test_a_restart_keeps_the_order_of_the_queue_and_what_is_reserved() -> None:
    world = World(job("a", parallelism=3, resources=using(cpu=4)), capacity=EIGHT_GI)
    world.run()
    world.run()
    world.restart()
    assert world.wait(1).launches == ()
    for expected in ("1/a[1]", "1/a[2]", "2/a", "2/a[1]"):
        alive = world.engine.alive(CHURN)[0].task
        world.end(f"{alive.run.number}/a[{alive.instance}]")
        assert world.state(expected) == "starting"


def test_a_smaller_machine_after_a_restart_lets_running_tasks_end_first() -> None:
    world = World(job("a", resources=using(cpu=4)), job("b", resources=using(cpu=1)), job("c"), capacity=EIGHT_GI)
    world.run("a")
    world.capacity = Capacity(cpu=2, memory_bytes=2**30)
    world.restart()
    world.run("b")
    assert world.state("b") == "queued"
    world.run("c")
    assert world.state("c") == "starting"
    world.end("1/a")
    assert world.state("2/b") == "starting"


def test_a_thousand_waiting_tasks_are_one_lane() -> None:
    world = World(job("a", parallelism=1000, resources=using(cpu=4)), capacity=EIGHT_GI)
    decisions = world.engine.handle([RunRequested(CHURN, Cause(CauseKind.MANUAL))], world.now)
    assert len(decisions.launches) == 1
    assert len(decisions.transitions) == 1001
