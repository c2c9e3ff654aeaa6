"""What is tried again, when, and what is not."""

from __future__ import annotations

from datetime import timedelta

import pytest

from skafd.model.decisions import AttemptEnded, ProjectForgotten
from skafd.model.outcome import Cancelled, Lost, NotStarted, OomKilled, Outcome, Signalled, TimedOut
from skafd.model.project import Retry
from tests.support.rules import states_rule
from tests.support.world import BAD, CHURN, OK, World, job

THRICE = Retry(times=3, delay_seconds=30, backoff=2)
NO_ROOM = NotStarted("No space left on device", for_want_of_room=True)


def failed_once(outcome: Outcome = BAD, retry: Retry = THRICE) -> World:
    world = World(job("train", retry=retry), job("score", "train"))
    world.run()
    world.start("train")
    world.end("train", outcome=outcome)
    return world


@pytest.mark.parametrize("outcome", [BAD, Signalled(9), NotStarted("no such file"), TimedOut(60), Lost("reboot")])
def test_a_failure_is_tried_again_after_the_delay(outcome: Outcome) -> None:
    world = failed_once(outcome)
    assert world.states() == {"train": "waiting", "score": "waiting"}
    assert world.task("train").not_before == world.now + timedelta(seconds=30)
    world.wait(29)
    assert world.state("train") == "waiting"
    world.wait(1)
    assert world.state("train") == "starting"
    assert world.task("train").attempt == 2
    world.end("train")
    assert world.states() == {"train": "succeeded", "score": "starting"}


def test_a_waiting_retry_says_which_it_is_and_after_what() -> None:
    assert failed_once().task("train").reason == "retry 1 of 3 after exit code 1"


def test_the_delay_grows_by_the_backoff_and_the_retries_end() -> None:
    world = failed_once()
    for delay_seconds in (30, 60, 120):
        assert world.task("train").not_before == world.now + timedelta(seconds=delay_seconds)
        world.wait(delay_seconds)
        world.end("train", outcome=BAD)
    assert world.states() == {"train": "failed", "score": "upstream_failed"}
    assert world.task("train").attempt == 4


@pytest.mark.parametrize(("outcome", "state"), [(OomKilled(10, 10), "oom_killed"), (Cancelled("by hand"), "cancelled")])
def test_what_would_only_happen_again_is_not_retried(outcome: Outcome, state: str) -> None:
    assert failed_once(outcome).state("train") == state


def test_a_lost_task_without_retries_ends_lost() -> None:
    world = failed_once(Lost("the supervisor was killed"), Retry())
    assert world.states() == {"train": "lost", "score": "upstream_failed"}
    assert world.task("score").reason == "'train' failed: lost: the supervisor was killed"


def test_decisions_say_when_to_look_again() -> None:
    world = World(job("a", retry=Retry(1, 30)), job("b", retry=Retry(1, 10)))
    world.run()
    assert world.end("a", outcome=BAD).wake_at == world.now + timedelta(seconds=30)
    assert world.end("b", outcome=BAD).wake_at == world.now + timedelta(seconds=10)
    world.cancel("b")
    assert world.wait(1).wake_at == world.task("a").not_before
    assert world.wait(60).wake_at is None


def test_a_retry_without_a_delay_starts_at_once() -> None:
    world = failed_once(retry=Retry(1))
    assert world.state("train") == "starting"
    assert world.task("train").attempt == 2


def test_a_retry_survives_a_restart() -> None:
    world = failed_once()
    world.restart()
    assert world.wait(1).wake_at == world.task("train").not_before
    world.wait(30)
    assert world.task("train").attempt == 2


def test_an_absurd_backoff_is_no_accident() -> None:
    world = failed_once(retry=Retry(3, 1, 1e300))
    for _ in range(2):
        world.wait(31 * 86400)
        world.end("train", outcome=BAD)
    assert world.state("train") == "waiting"


def test_a_cancelled_task_is_not_retried_however_it_ends() -> None:
    world = World(job("train", retry=THRICE))
    world.run()
    kills = world.cancel("train").kills
    assert [kill.reason for kill in kills] == ["somebody asked"]
    world.end("train", outcome=BAD)
    assert world.state("train") == "failed"


def test_a_task_that_waits_for_its_retry_is_cancelled_at_once() -> None:
    world = failed_once()
    world.cancel("train")
    assert world.states() == {"train": "cancelled", "score": "cancelled"}
    assert world.wait(100).transitions == ()


def test_a_task_of_a_forgotten_project_is_not_retried() -> None:
    world = World(job("train", retry=THRICE))
    world.run()
    world.send(ProjectForgotten(CHURN))
    world.end("train", outcome=BAD)
    assert world.state("train") == "failed"


def test_an_instance_is_retried_without_the_others() -> None:
    world = World(job("train", parallelism=2, retry=THRICE), job("score", "train"))
    world.run()
    world.end("train[1]", outcome=BAD)
    world.end("train")
    assert world.states() == {"train": "succeeded", "train[1]": "waiting", "score": "waiting"}
    world.wait(30)
    world.end("train[1]")
    assert world.state("score") == "starting"


def test_the_end_of_an_earlier_attempt_is_no_news() -> None:
    world = World(job("train", retry=THRICE))
    world.run()
    first = world.attempt("train")
    world.end("train", outcome=BAD)
    assert world.send(AttemptEnded(first, OK)).transitions == ()
    world.wait(30)
    assert world.send(AttemptEnded(first, OK)).transitions == ()
    assert world.state("train") == "starting"


def test_what_found_no_room_on_the_disk_is_tried_again_whatever_retry_says() -> None:
    world = failed_once(NO_ROOM, Retry())
    assert world.state("train") == "waiting"
    assert world.task("train").reason.startswith("it is tried again when there is room: ")
    world.wait(2)
    assert world.state("train") == "starting"
    world.end("train", outcome=NO_ROOM)
    world.wait(3)
    assert world.state("train") == "waiting", "each time it waits longer"
    world.wait(1)
    world.end("train", outcome=BAD)
    assert world.states() == {"train": "failed", "score": "upstream_failed"}


def test_what_waits_for_room_can_be_cancelled() -> None:
    world = failed_once(NO_ROOM, Retry())
    world.cancel("train")
    assert world.state("train") == "cancelled"


def test_an_attempt_that_found_no_room_takes_no_retry_and_no_pause_from_those_that_ran() -> None:
    states_rule(
        "An attempt that could not begin because the disk was full or read-only, the machine had no process left, or "
        "its environment was damaged, is none of them: the task waits, and has as many tries as before."
    )
    world = failed_once(NO_ROOM, Retry(times=1, delay_seconds=10, backoff=3))
    world.wait(2)
    world.end("train", outcome=BAD)
    assert world.task("train").reason == "retry 1 of 1 after exit code 1"
    world.wait(10)
    world.end("train", outcome=NO_ROOM)
    world.wait(4)
    assert world.attempt("train").number == 4
    world.end("train", outcome=BAD)
    assert world.state("train") == "failed"
