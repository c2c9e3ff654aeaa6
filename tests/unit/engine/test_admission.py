"""What waits for room on the machine, and what goes first."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from skafd.engine.queue import Amounts, Place, Queue
from skafd.model.decisions import RoomChanged, RunRequested
from skafd.model.ids import JobId, RunKey, TaskKey
from skafd.model.limits import Capacity, Limits, Resources
from skafd.model.run import Cause, CauseKind
from tests.support.rules import states_rule
from tests.support.world import CHURN, NOON, World, job, using

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


def test_a_point_of_priority_counts_as_a_minute_of_waiting() -> None:
    states_rule("Each point of `priority` counts as a minute of waiting, so that nothing starves.")
    states_rule(
        "Tasks start in the order in which they were queued; one that does not fit is passed by others for a "
        "minute, and "
        "by none afterwards."
    )
    jobs = [job("a", resources=using(cpu=4)), job("low", resources=using(cpu=4))]
    world = World(*jobs, job("high", resources=using(cpu=4), priority=10), capacity=EIGHT_GI)
    for name in ("a", "low"):
        world.run(name)
    world.wait(9 * 60)
    world.run("high")
    world.end("1/a")
    assert (world.state("high"), world.state("low")) == ("starting", "queued")
    world.wait(120)
    world.run("high")
    world.end("3/high")
    assert (world.state("low"), world.state("4/high")) == ("starting", "queued")


def test_a_pool_has_so_many_places() -> None:
    states_rule(
        "A task takes a place in each of its pools; a pool is the project's where `pools:` names it, else "
        "the machine's."
    )
    capacity = Capacity(4, 2**30, pools=(("licence", 2),))
    jobs = (
        job("a", parallelism=3, pools=("db",)),
        job("b", parallelism=3, pools=("licence",)),
        job("c", pools=("x", "db")),
    )
    world = World(*jobs, job("free"), capacity=capacity, settings={"pools": (("db", 1),)})
    world.run()
    alive = [(task.task.job, task.task.instance) for task in world.engine.alive(CHURN)]
    assert alive == [("a", 0), ("b", 0), ("b", 1), ("free", 0)]
    assert world.task("a[1]").reason == "waits for a place in pool 'db', 1 of 1 taken"
    world.restart()
    world.end("a", "b")
    assert {world.state("a[1]"), world.state("b[2]")} == {"starting"}
    world.end("a[1]")
    world.end("a[2]")
    assert world.state("c") == "starting"


def test_gpus_are_devices_that_no_two_tasks_share() -> None:
    states_rule("A job that asks for GPUs gets devices of its own, by their numbers in `CUDA_VISIBLE_DEVICES`.")
    jobs = job("a", resources=using(gpu=1)), job("b", resources=using(gpu=2)), job("c", resources=using(gpu=1))
    world = World(*jobs, capacity=Capacity(4, 2**30, gpu=3))
    world.run()
    assert [world.task(name).gpus for name in "abc"] == [(0,), (1, 2), ()]
    world.restart()
    world.end("a")
    assert world.engine.particulars(world.task("c").key).gpus == (0,)
    world.restart()
    world.end("b")
    assert world.task("c").gpus == (0,)
    world.run("a")
    assert world.task("a").gpus == (1,)


def test_a_task_that_runs_keeps_its_devices_over_a_restart() -> None:
    jobs = job("a", resources=using(gpu=1)), job("b", resources=using(gpu=1)), job("c", resources=using(gpu=1))
    world = World(*jobs, capacity=Capacity(4, 2**30, gpu=2))
    world.run("a", "b")
    world.start("a", "b")
    world.end("a")
    world.restart()
    world.run("c")
    assert (world.task("1/b").gpus, world.task("c").gpus) == ((1,), (0,))


def test_a_hundred_thousand_waiting_tasks_that_all_differ_are_looked_at_in_a_few_steps() -> None:
    """Counts what is looked at, not time: a busy machine must not fail it."""
    queue = Queue()
    run = RunKey(CHURN, 1)
    for number in range(100_000):
        task = TaskKey(run, JobId("a"), number)
        queue.append(Place(task, Amounts(1000 + number, 2**30 - number, number % 3), (0.0, number), NOON))
    assert queue.first(Amounts(500, 2**30, 0)) is None
    found = queue.first(Amounts(1000 + 77_777, 2**30, 2))
    assert found is not None
    assert found.task.instance == 0
    for number in range(50_000):
        queue.remove(TaskKey(run, JobId("a"), number))
    found = queue.first(Amounts(1000 + 99_999, 2**30, 0))
    assert found is not None
    assert found.task.instance == 50_001
    assert len(queue) == 50_000


@given(st.lists(st.tuples(st.integers(0, 3), st.integers(0, 3), st.integers(0, 2), st.booleans()), max_size=80))
def test_the_queue_finds_what_a_plain_search_finds(steps: list[tuple[int, int, int, bool]]) -> None:
    queue, plain = Queue(), list[Place]()
    for number, (millicores, memory_bytes, gpu, removes) in enumerate(steps):
        free = Amounts(millicores, memory_bytes, gpu)
        fitting = [place for place in plain if all(need <= have for need, have in zip(place.needs, free, strict=True))]
        assert queue.first(free) == (fitting[0] if fitting else None)
        if removes and fitting:
            queue.remove(fitting[0].task)
            plain.remove(fitting[0])
        else:
            task = TaskKey(RunKey(CHURN, 1), JobId("a"), number)
            plain.append(Place(task, free, (0.0, number), NOON))
            queue.append(plain[-1])


def test_nobody_is_let_in_while_something_is_short_and_all_go_on_when_it_is_not() -> None:
    world = World(job("a"), job("b"))
    world.send(RoomChanged("room on the disk: 3 MiB free, 16 MiB needed"))
    world.run()
    assert world.states() == {"a": "queued", "b": "queued"}
    said = "waits for room on the disk: 3 MiB free, 16 MiB needed"
    assert world.task("a").reason == said
    assert world.engine.explain(world.task("b").key) == said
    world.wait(3600)
    assert world.states() == {"a": "queued", "b": "queued"}
    world.send(RoomChanged(""))
    assert world.states() == {"a": "starting", "b": "starting"}
