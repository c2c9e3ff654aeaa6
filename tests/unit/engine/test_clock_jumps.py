"""The wall clock is set, or the machine sleeps: who waits for a while waits for just that while."""

from __future__ import annotations

from datetime import timedelta

import pytest

from skafd.model.decisions import ClockJumped, Decisions
from skafd.model.limits import Capacity
from skafd.model.outcome import NotStarted
from skafd.model.project import Retry
from tests.support.world import BAD, World, due_at, job, using

HOUR = timedelta(hours=1)
SLOW = Retry(times=3, delay_seconds=30)


def jump(world: World, stepped: timedelta, asleep: timedelta = timedelta()) -> Decisions:
    world.now += stepped
    return world.send(ClockJumped(stepped, asleep))


@pytest.mark.parametrize("stepped", [HOUR, -HOUR])
def test_a_retry_is_as_far_away_as_before(stepped: timedelta) -> None:
    world = World(job("train", retry=SLOW))
    world.run()
    world.end("train", outcome=BAD)
    decisions = jump(world, stepped)
    assert world.state("train") == "waiting"
    assert decisions.wake_at == world.now + timedelta(seconds=29)
    world.wait(28)
    assert world.state("train") == "waiting"
    world.wait(1)
    assert world.state("train") == "starting"


def test_who_waits_for_room_waits_as_long_though_the_daemon_is_restarted() -> None:
    world = World(job("train"))
    world.run()
    for _ in range(4):
        world.wait(300)
        world.end("train", outcome=NotStarted("no room", for_want_of_room=True))
    world.restart()
    world.wait(1)
    assert world.state("train") == "waiting"
    world.wait(16)
    assert world.state("train") == "starting"


def test_nobody_stands_behind_what_comes_later_when_the_clock_was_set_back_unseen() -> None:
    jobs = job("first", priority=1), job("second"), job("third", priority=2)
    world = World(*jobs, capacity=Capacity(4, 2**30, tasks=1))
    world.run("second")
    world.run("first")
    world.now -= HOUR
    world.restart()
    world.run("third")
    world.wait(70)
    world.run("third")
    world.end("1/second")
    assert world.state("3/third") == "starting"
    world.end("3/third")
    assert (world.state("2/first"), world.state("4/third")) == ("starting", "queued")


@pytest.mark.parametrize("restarted", [False, True])
@pytest.mark.parametrize("stepped", [2 * HOUR, -2 * HOUR])
def test_a_run_has_the_time_that_it_was_given(stepped: timedelta, restarted: bool) -> None:
    world = World(job("train"), settings={"timeout_seconds": 3600.0})
    world.run()
    assert jump(world, stepped).kills == ()
    if restarted:
        world.restart()
    assert world.wait(3500).kills == ()
    assert len(world.wait(200).kills) == 1


@pytest.mark.parametrize("restarted", [False, True])
def test_sleep_takes_nothing_from_the_time_of_a_run_and_ends_the_delay_of_a_retry(restarted: bool) -> None:
    world = World(job("train"), job("flaky", retry=SLOW), settings={"timeout_seconds": 3600.0})
    world.run()
    world.end("flaky", outcome=BAD)
    world.now += 2 * HOUR
    assert world.send(ClockJumped(timedelta(), 2 * HOUR)).kills == ()
    assert world.state("flaky") == "starting"
    if restarted:
        world.restart()
    assert len(world.wait(3700).kills) == 2


def test_what_succeeded_after_a_start_still_has_when_the_clock_was_set_back_in_between() -> None:
    world = World(job("ingest"), job("train", "ingest", schedules=due_at()))
    world.run("ingest", only=True)
    world.end("ingest")
    world.fire("train")
    world.end("train")
    jump(world, -HOUR)
    world.run("ingest", only=True)
    world.end("ingest")
    world.fire("train")
    assert world.state("train") == "starting"


def test_after_a_restart_no_start_and_no_success_lies_in_the_future() -> None:
    """The clock was set back while no daemon was there to notice."""
    world = World(job("ingest"), job("train", "ingest", schedules=due_at()), job("flaky", retry=SLOW))
    world.run("ingest", only=True)
    world.end("ingest")
    world.fire("train")
    world.end("train")
    world.run("flaky")
    world.end("flaky", outcome=BAD)
    world.now -= HOUR
    world.restart()
    assert world.wait(0).wake_at == world.now + timedelta(seconds=30)
    world.run("ingest", only=True)
    world.end("ingest")
    world.fire("train")
    assert world.state("train") == "starting"


def test_who_came_first_goes_first_though_the_clock_was_set_back() -> None:
    small = Capacity(cpu=4, memory_bytes=2**40)
    world = World(
        job("holds", resources=using(cpu=3)),
        job("large", resources=using(cpu=4)),
        job("late", resources=using(cpu=4), priority=1),
        capacity=small,
    )
    world.run("holds", only=True)
    world.run("large", only=True)
    world.wait(120)
    jump(world, -HOUR)
    world.run("late", only=True)
    world.end("1/holds")
    assert world.state("2/large") == "starting"
    assert world.state("3/late") == "queued"
