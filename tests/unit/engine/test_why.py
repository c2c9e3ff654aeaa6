"""The one sentence for whatever somebody asks about."""

from __future__ import annotations

from datetime import timedelta

from skafd.engine.why import Told, run_sentence, task_sentence
from skafd.model.ids import RunKey
from skafd.model.limits import Capacity
from skafd.model.outcome import Lost, OomKilled, TimedOut
from skafd.model.project import Retry
from skafd.model.states import RunState, TaskState
from tests.support.rules import states_rule
from tests.support.world import BAD, CHURN, NOON, World, due_at, job, using


def told(world: World, name: str) -> Told:
    """The task as the daemon tells of it: what is recorded, or what it waits for now."""
    task = world.task(name)
    reason = world.engine.explain(task.key)
    return Told(name, task.state, task.reason if reason is None else reason, task.attempt, task.not_before)


def why(world: World, name: str) -> str:
    return task_sentence(told(world, name))


def test_a_waiting_task_says_what_it_waits_for() -> None:
    world = World(job("ingest"), job("train", "ingest"))
    world.run()
    assert why(world, "train") == "train waits for 'ingest'"
    assert why(world, "ingest") == "ingest is starting"


def test_a_queued_task_says_what_it_waits_for_now() -> None:
    states_rule("Of what has not begun, `skafd why` says what it waits for now, not what it waited for at first.")
    capacity = Capacity(cpu=4, memory_bytes=8 * 2**30)
    world = World(job("a", resources=using(cpu=3)), job("b", resources=using(cpu=1)), job("c", resources=using(cpu=4)))
    world.capacity = capacity
    world.restart()
    world.run()
    assert world.task("c").reason == "waits for 4 of cpu, 0 free"
    world.end("a")
    assert why(world, "c") == "c is queued: it waits for 4 of cpu, 3 free"


def test_a_task_says_which_of_its_dependencies_it_still_waits_for() -> None:
    world = World(job("a"), job("b"), job("c", "a", "b"))
    world.run()
    assert why(world, "c") == "c waits for 'a', 'b'"
    world.end("a")
    assert why(world, "c") == "c waits for 'b'"


def test_a_task_whose_dependencies_in_the_run_have_ended_names_those_in_other_runs() -> None:
    due = due_at()
    world = World(job("a", schedules=due), job("b", schedules=due), job("c", "a", "b", schedules=due))
    world.fire("a", "c")
    assert why(world, "c") == "c waits for 'a'"
    world.end("a")
    assert why(world, "c") == "c waits for 'b'"


def test_a_retry_says_when_and_after_what() -> None:
    world = World(job("train", retry=Retry(2, 30)))
    world.run()
    world.end("train", outcome=BAD)
    assert world.task("train").not_before == NOON + timedelta(seconds=32)
    expected = "train is tried again at 2030-01-01 12:00:32 UTC: retry 1 of 2 after exit code 1"
    assert why(world, "train") == expected


def test_ends_say_what_happened() -> None:
    world = World(job("a"), job("b", "a"), job("c"), job("d"), job("e"))
    world.run()
    world.end("a", outcome=OomKilled(64 * 2**20, 64 * 2**20))
    world.end("c", outcome=TimedOut(60))
    world.end("d", outcome=Lost("the machine was rebooted"))
    world.cancel("e")
    assert why(world, "a") == "a was killed: out of memory: limit 64Mi, peak 64Mi; try memory: 128Mi"
    assert why(world, "b").startswith("b did not start: 'a' failed: out of memory")
    assert why(world, "c") == "c was killed: timed out after 1m00s"
    assert why(world, "d") == "d was lost: the machine was rebooted"


def test_a_skipped_task_says_what_it_waited_for() -> None:
    skipped = Told("churn/1/score", TaskState.SKIPPED, "waits for 'train', which has not succeeded yet")
    assert task_sentence(skipped) == "churn/1/score was skipped: it waits for 'train', which has not succeeded yet"
    cancelled = Told("churn/1/score", TaskState.CANCELLED, "cancelled: skafd kill churn", attempt=2)
    assert task_sentence(cancelled) == "churn/1/score was cancelled on attempt 2: skafd kill churn"


def test_a_run_names_the_task_that_says_most() -> None:
    states_rule("The sentence of a run names the task that says most about it: the first culprit, not its victims.")
    failed = Told("churn/1/a", TaskState.FAILED, "exit code 1", attempt=1)
    victim = Told("churn/1/b", TaskState.UPSTREAM_FAILED, "'a' failed: exit code 1")
    waiting = Told("churn/1/c", TaskState.WAITING, "waits for 'b'")
    caught = Told("churn/1/d", TaskState.FAILED, "exit code 2", attempt=1, is_caught=True)
    assert run_sentence("churn/1", RunState.FAILED, [caught, victim, failed]) == (
        "churn/1 failed: churn/1/a failed: exit code 1"
    )
    assert run_sentence("churn/1", RunState.RUNNING, [failed, waiting]) == (
        "churn/1 is running: churn/1/c waits for 'b'"
    )
    assert run_sentence("churn/1", RunState.SUCCEEDED, [caught]) == "churn/1 succeeded"


def test_what_has_begun_or_is_not_there_waits_for_nothing() -> None:
    world = World(job("a"))
    world.run()
    key = world.task("a").key
    assert world.engine.explain(key) is None
    world.end("a")
    assert world.engine.explain(key) is None
    assert world.engine.run(RunKey(CHURN, 1)) is None
