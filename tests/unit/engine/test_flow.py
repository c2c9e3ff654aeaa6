"""Retries that grow, timeouts of runs, what runs at the end, conditions, and runs of runs."""

from __future__ import annotations

from datetime import timedelta

import pytest

from skafd.model.decisions import CancelRequested, RetryRequested, RunRequested, SkipRequested
from skafd.model.ids import JobId
from skafd.model.limits import Capacity
from skafd.model.outcome import Cancelled, OomKilled, TimedOut
from skafd.model.project import DependencyRule, Parameter, Retry
from skafd.model.run import Cause, CauseKind
from skafd.model.states import TaskState
from tests.support.rules import states_rule
from tests.support.world import BAD, CHURN, World, due_at, job, using

GROWING = Retry(3, outcomes=(TaskState.OOM_KILLED,), memory_factor=1.5)
GIBI = 2**30


# --- retries ------------------------------------------------------------------------------------------------


def test_only_the_named_outcomes_are_tried_again() -> None:
    states_rule("`retry` with `on:` tries only those outcomes again; without it `failed`, `timed_out` and `lost`.")
    world = World(job("a", retry=Retry(2, outcomes=(TaskState.TIMED_OUT,))), job("b", retry=Retry(2)))
    world.run()
    world.end("a", "b", outcome=BAD)
    assert (world.state("a"), world.state("b")) == ("failed", "starting")
    world.run("a")
    world.end("a", outcome=TimedOut(1))
    assert world.state("a") == "starting"


def test_after_an_out_of_memory_kill_the_limit_grows_up_to_the_machine() -> None:
    states_rule(
        "An out-of-memory kill is tried again only when `on:` names it or `memory: x1.5` asks for more "
        "memory; then the "
        "next attempt's limit grows by the factor, up to the machine, and who has had all of it is not tried again."
    )
    world = World(job("train", retry=GROWING, resources=using(memory="4")), capacity=Capacity(4, 8 * GIBI))
    world.run()
    killed = OomKilled(4 * GIBI, 4 * GIBI)
    world.end("train", outcome=killed)
    assert world.task("train").memory_bytes == 6 * GIBI
    assert world.engine.particulars(world.task("train").key).limits.memory_bytes == 6 * GIBI
    world.restart()
    world.wait(1)
    assert world.engine.particulars(world.task("train").key).limits.memory_bytes == 6 * GIBI
    world.end("train", outcome=killed)
    assert world.task("train").memory_bytes == 8 * GIBI
    world.end("train", outcome=killed)
    assert (world.state("train"), world.task("train").attempt) == ("oom_killed", 3)


def test_where_the_machine_had_no_memory_left_the_limit_stays() -> None:
    world = World(job("train", retry=GROWING, resources=using(memory="4")), capacity=Capacity(4, 4 * GIBI))
    world.run()
    world.end("train", outcome=OomKilled(4 * GIBI, GIBI, "the machine had none left"))
    assert (world.state("train"), world.task("train").attempt) == ("starting", 2)
    assert world.task("train").memory_bytes is None


def test_the_grown_limit_is_reserved() -> None:
    jobs = job("a", retry=GROWING, resources=using(memory="4")), job("b", resources=using(memory="3"))
    world = World(*jobs, capacity=Capacity(4, 8 * GIBI))
    world.run()
    world.end("a", outcome=OomKilled(4 * GIBI, 4 * GIBI))
    assert world.state("a") == "queued"
    assert world.task("a").reason == "waits for 6Gi of memory, 5Gi free"


def test_jitter_is_the_same_for_the_same_attempt() -> None:
    states_rule(
        "`jitter` adds up to so much to each wait: always the same for the same attempt, and spread over others."
    )
    waits = []
    for _ in range(2):
        world = World(job("a", parallelism=20, retry=Retry(1, 10, jitter_seconds=60)))
        world.run()
        world.end(*(f"a[{number}]" for number in range(20)), outcome=BAD)
        waits.append([world.task(f"a[{number}]").not_before for number in range(20)])
    assert waits[0] == waits[1]
    assert len(set(waits[0])) == 20
    assert all(timedelta(seconds=10) <= at - world.now <= timedelta(seconds=70) for at in waits[0] if at)


def test_a_waiting_retry_goes_at_once_when_somebody_asks() -> None:
    states_rule("`skafd retry` of a task that waits for its retry lets it go at once.")
    world = World(job("a", retry=Retry(1, 3600)))
    world.run()
    world.end("a", outcome=BAD)
    world.send(RetryRequested(world.task("a").key))
    assert (world.state("a"), world.task("a").attempt) == ("starting", 2)
    assert world.send(RetryRequested(world.task("a").key)).transitions == ()


# --- timeouts of runs ---------------------------------------------------------------------------------------


def test_a_run_that_takes_too_long_is_ended_and_has_failed() -> None:
    states_rule(
        "With `timeout` at the top of the file a run that takes longer is ended and has failed; jobs with `always` run."
    )
    jobs = job("a"), job("b", "a"), job("clean", always=True)
    world = World(*jobs, settings={"timeout_seconds": 60.0})
    assert world.run().wake_at == world.now + timedelta(seconds=60)
    world.restart()
    decisions = world.wait(60)
    assert [kill.attempt.task.job for kill in decisions.kills] == ["a"]
    assert decisions.kills[0].reason == "the run took longer than its timeout of 1m00s"
    assert world.states() == {"a": "starting", "b": "cancelled", "clean": "waiting"}
    world.restart()
    world.end("a", outcome=Cancelled(decisions.kills[0].reason))
    assert world.state("clean") == "starting"
    world.end("clean")
    assert world.run_state() == "failed"


# --- at the end ---------------------------------------------------------------------------------------------


def test_a_job_at_the_end_runs_whatever_happened() -> None:
    states_rule("A job with `always: true` runs when all other jobs of its run have ended, however they ended.")
    world = World(job("a"), job("b", "a"), job("clean", always=True), job("report", "clean", always=True))
    world.run()
    assert world.task("clean").reason == "waits for the other jobs of the run to end"
    world.end("a", outcome=BAD)
    assert world.states() == {"a": "failed", "b": "upstream_failed", "clean": "starting", "report": "waiting"}
    assert world.engine.particulars(world.task("clean").key).upstream_failed == ("a", "b")
    world.end("clean", outcome=BAD)
    assert world.state("report") == "starting"
    world.end("report")
    assert world.run_state() == "failed"


def test_a_job_at_the_end_joins_every_run_and_begins_none() -> None:
    states_rule("It joins every run of its project, except with `--only`, and never begins one by itself.")
    world = World(job("a", schedules=due_at()), job("clean", always=True), deployed=True)
    assert world.runs == {}
    world.fire("a")
    assert world.states() == {"a": "starting", "clean": "waiting"}
    world.run("a", only=True)
    assert world.states(2) == {"a": "starting"}


def test_killing_a_run_lets_its_last_jobs_run_and_killing_those_ends_them() -> None:
    states_rule("Killing a run leaves its `always` jobs to run; killing those by name ends them too.")
    world = World(job("a"), job("clean", always=True))
    world.run()
    world.send(CancelRequested(world.engine.open_tasks(CHURN), "enough"))
    assert world.state("clean") == "waiting"
    world.send(CancelRequested((world.task("clean").key,), "enough"))
    assert world.state("clean") == "cancelled"


def test_a_caught_failure_is_named_to_those_that_go_on() -> None:
    states_rule("`SKAFD_UPSTREAM_FAILED` names the jobs before it that failed, with commas between.")
    world = World(job("a", catch=True), job("b", "a"))
    world.run()
    world.end("a", outcome=BAD)
    assert world.engine.particulars(world.task("b").key).upstream_failed == ("a",)


# --- conditions ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("when", "given", "state"),
    [
        ("params.region == 'eu'", (), "starting"),
        ("params.region == 'eu'", (("region", "us"),), "skipped"),
        ("params.epochs > 5", (("epochs", "7"),), "starting"),
        ("params.epochs > 'many'", (), "failed"),
    ],
)
def test_a_condition_decides_when_the_job_becomes_ready(
    when: str, given: tuple[tuple[str, str], ...], state: str
) -> None:
    states_rule(
        "`when` is asked when the job becomes ready: it is skipped, with its dependents, unless the "
        "condition holds, and "
        "has failed where the condition has no answer."
    )
    declared = Parameter("region", "string", "eu"), Parameter("epochs", "int", "1")
    world = World(job("a", parameters=declared, when=when), job("b", "a"))
    world.send(RunRequested(CHURN, Cause(CauseKind.MANUAL), parameters=given))
    assert world.state("a") == state
    if state == "skipped":
        assert world.states() == {"a": "skipped", "b": "skipped"}
        assert world.task("a").reason == f"its condition does not hold: {when}"


def test_a_condition_may_ask_what_came_before() -> None:
    world = World(
        job("check", catch=True),
        job("repair", "check", when="jobs.check.state == 'failed'"),
        job("train", "check", when="jobs.check.output > 10"),
    )
    world.run()
    world.end("check", output="11")
    assert world.states() == {"check": "succeeded", "repair": "skipped", "train": "starting"}


# --- runs of runs -------------------------------------------------------------------------------------------


def test_a_resumed_run_keeps_what_succeeded() -> None:
    states_rule("`skafd run --resume` makes a new run: what succeeded is kept, the rest and its dependents run again.")
    world = World(job("a"), job("b", "a"), job("c", "b"), job("d"), job("clean", always=True))
    world.run()
    world.end("a", "d")
    world.end("b", outcome=BAD)
    world.end("clean")
    assert world.run_state() == "failed"
    world.again()
    assert world.states() == {
        "a": "succeeded",
        "b": "starting",
        "c": "waiting",
        "d": "succeeded",
        "clean": "waiting",
    }
    assert world.task("2/a").reason == "kept from run 1"
    assert world.runs[world.task("2/a").key.run].cause.detail == "run 1 resumed"
    world.restart()
    world.end("b")
    world.end("c")
    world.end("clean")
    assert world.run_state() == "succeeded"
    assert world.again().new_runs == ()


def test_a_task_and_its_dependents_are_run_again() -> None:
    states_rule("`skafd retry` of a task that has ended makes a new run, in which it and its dependents run again.")
    world = World(job("a", parallelism=3), job("b", "a"), job("c"))
    world.run()
    world.end("a", "a[2]", "c")
    world.end("a[1]", outcome=BAD)
    world.again("a[1]")
    assert world.states() == {
        "a": "succeeded",
        "a[1]": "starting",
        "a[2]": "succeeded",
        "b": "waiting",
        "c": "succeeded",
    }
    world.end("a[1]")
    world.end("b")
    assert world.run_state() == "succeeded"


def test_a_job_that_the_run_does_not_have_passes_nothing_on() -> None:
    """`between` has a schedule of its own, so that the run goes from `b` to `end` without it."""
    due = due_at()
    end = job("end", "b", "between", dependency_rule=DependencyRule.ANY)
    world = World(job("a", schedules=due), job("b", schedules=due), job("between", "a", schedules=due), end)
    world.fire("a", "b")
    world.end("b")
    world.end("end")
    world.end("a", outcome=BAD)
    world.again()
    assert world.states() == {"a": "starting", "b": "succeeded", "end": "succeeded"}


def test_a_kept_failure_stays_a_failure() -> None:
    world = World(job("a"), job("b"), job("c", "b"))
    world.run()
    world.end("a", "b", outcome=BAD)
    world.again("a")
    assert world.states() == {"a": "starting", "b": "failed", "c": "upstream_failed"}
    world.end("a")
    assert world.run_state() == "failed"


def test_a_skipped_task_is_as_good_as_done_for_its_dependents() -> None:
    states_rule("`skafd skip` passes over a task that has not begun, and its dependents go on.")
    world = World(job("a"), job("b", "a"), job("c", "b"))
    world.run()
    world.send(SkipRequested(world.task("b").key))
    world.restart()
    world.end("a")
    assert world.states() == {"a": "succeeded", "b": "skipped", "c": "starting"}
    assert world.send(SkipRequested(world.task("c").key)).transitions == ()
    world.end("c")
    assert world.run_state() == "succeeded"


def test_jobs_that_a_newer_deployment_lacks_are_left_out() -> None:
    world = World(job("a"), job("b", "a"))
    world.run()
    world.end("a", outcome=BAD)
    old = world.runs[world.task("a").key.run]
    world.deploy(job("a"), job("new", "a", on_deploy="wait"))
    from skafd.model.decisions import RunAgain

    world.send(RunAgain(old, world.deployments[2]))
    newest = max(world.runs)
    assert {task.key.job for task in world.runs[newest].tasks} == {JobId("a")}
