"""What starts when something else has ended."""

from __future__ import annotations

import pytest

from skafd.model.decisions import AttemptEnded, CancelRequested, RunRequested, SkipRequested
from skafd.model.outcome import Lost, OomKilled
from skafd.model.project import DependencyRule
from skafd.model.run import Cause, CauseKind
from tests.support.rules import states_rule
from tests.support.world import BAD, CHURN, NOON, World, due_at, job

PIPELINE = (job("ingest"), job("train", "ingest"), job("score", "train"), job("report", "score"))


def test_a_pipeline_runs_one_job_after_another() -> None:
    world = World(*PIPELINE)
    world.run()
    for name in ("ingest", "train", "score", "report"):
        assert world.state(name) == "starting"
        world.start(name)
        assert world.state(name) == "running"
        world.end(name)
    assert set(world.states().values()) == {"succeeded"}
    assert world.run_state() == "succeeded"
    assert world.engine.runs() == ()


def test_a_dependent_starts_in_the_same_decisions_in_which_its_dependency_ended() -> None:
    world = World(*PIPELINE)
    world.run()
    decisions = world.end("ingest")
    assert [launch.task.job for launch in decisions.launches] == ["train"]
    assert [str(move.new) for move in decisions.transitions] == ["succeeded", "queued", "starting"]


def test_all_that_depend_on_a_failed_job_name_the_job_that_failed() -> None:
    world = World(*PIPELINE)
    world.run()
    world.end("ingest", outcome=BAD)
    assert list(world.states().values()) == ["failed", "upstream_failed", "upstream_failed", "upstream_failed"]
    assert world.task("report").reason == "'ingest' failed: exit code 1"
    assert world.run_state() == "failed"


def test_of_instances_that_failed_in_several_ways_the_first_is_named() -> None:
    world = World(job("each", parallelism=3), job("after", "each"))
    world.run()
    for instance, outcome in ((2, Lost("gone")), (1, BAD), (0, OomKilled(2**30, 2**30))):
        world.end(f"each[{instance}]" if instance else "each", outcome=outcome)
    assert world.task("after").reason.startswith("'each' failed: out of memory")


def test_a_fan_in_waits_for_every_branch() -> None:
    world = World(job("a"), job("b", "a"), job("c", "a"), job("d", "b", "c"))
    world.run()
    world.end("a")
    assert world.states() == {"a": "succeeded", "b": "starting", "c": "starting", "d": "waiting"}
    assert world.task("d").reason == "waits for 'b', 'c'"
    world.end("c")
    assert world.state("d") == "waiting"
    world.end("b")
    assert world.state("d") == "starting"


def test_a_branch_goes_on_beside_one_that_failed() -> None:
    world = World(job("a"), job("b"), job("c", "a"), job("d", "b"))
    world.run()
    world.end("a", outcome=BAD)
    world.end("b")
    assert world.states() == {"a": "failed", "b": "succeeded", "c": "upstream_failed", "d": "starting"}
    assert world.run_state() == "running"
    world.end("d")
    assert world.run_state() == "failed"


def test_a_caught_failure_lets_dependents_go_on_and_the_run_succeed() -> None:
    world = World(job("ingest", catch=True), job("train", "ingest"))
    world.run()
    world.end("ingest", outcome=OomKilled(10, 10))
    assert world.states() == {"ingest": "oom_killed", "train": "starting"}
    world.end("train")
    assert world.run_state() == "succeeded"


def test_a_job_that_catches_does_not_hide_that_its_own_dependency_failed() -> None:
    world = World(job("a"), job("b", "a", catch=True), job("c", "b"))
    world.run()
    world.end("a", outcome=BAD)
    assert world.states() == {"a": "failed", "b": "upstream_failed", "c": "upstream_failed"}
    assert world.run_state() == "failed"


@pytest.mark.parametrize("is_skipped", [False, True])
def test_a_job_that_catches_does_not_hide_it_either_when_one_of_its_tasks_had_ended_before(is_skipped: bool) -> None:
    world = World(job("a"), job("b", "a", catch=True, parallelism=3), job("c", "b"))
    world.run()
    key = world.task("b[1]").key
    world.send(SkipRequested(key) if is_skipped else CancelRequested((key,), "somebody asked"))
    world.end("a", outcome=BAD)
    assert world.state("b") == world.state("c") == "upstream_failed"
    assert world.task("c").reason == "'a' failed: exit code 1"
    assert world.run_state() == "failed"


def test_dependents_of_a_cancelled_job_are_cancelled_and_so_is_the_run() -> None:
    world = World(*PIPELINE)
    world.run()
    world.end("ingest")
    world.cancel("score")
    assert world.states() == {
        "ingest": "succeeded",
        "train": "starting",
        "score": "cancelled",
        "report": "cancelled",
    }
    assert world.task("report").reason == "'score' was cancelled"
    world.end("train")
    assert world.run_state() == "cancelled"


def test_the_rule_any_starts_a_job_at_the_first_success() -> None:
    world = World(job("a"), job("b"), job("c", "a", "b", dependency_rule=DependencyRule.ANY))
    world.run()
    world.end("a", outcome=BAD)
    assert world.state("c") == "waiting"
    world.end("b")
    assert world.state("c") == "starting"
    world.end("c")
    assert world.states() == {"a": "failed", "b": "succeeded", "c": "succeeded"}
    assert world.run_state() == "failed"


def test_the_rule_any_gives_up_when_every_dependency_has_failed() -> None:
    world = World(job("a"), job("b"), job("c", "a", "b", dependency_rule=DependencyRule.ANY))
    world.run()
    world.end("b", outcome=BAD)
    world.end("a", outcome=BAD)
    assert world.state("c") == "upstream_failed"
    assert world.task("c").reason == "'b' failed: exit code 1"


@pytest.mark.parametrize("dependencies", [("a", "b"), ()])
def test_a_job_at_the_end_runs_although_none_of_any_has_succeeded(dependencies: tuple[str, ...]) -> None:
    states_rule(
        "A job with `always: true` runs when all other jobs of its run have ended, however they ended.", "graph"
    )
    world = World(job("a"), job("b"), job("clean", *dependencies, dependency_rule=DependencyRule.ANY, always=True))
    world.run()
    world.end("a", outcome=BAD)
    world.end("b", outcome=BAD)
    assert world.state("clean") == "starting"


def test_a_job_with_the_rule_any_starts_alone_when_a_user_runs_it_alone() -> None:
    world = World(job("a"), job("c", "a", dependency_rule=DependencyRule.ANY))
    world.run("c", only=True)
    assert world.states() == {"c": "starting"}


def test_dependents_wait_for_all_instances_of_a_parallel_job() -> None:
    world = World(job("train", parallelism=3), job("score", "train"))
    world.run()
    assert len(world.engine.alive(CHURN)) == 3
    world.end("train", "train[2]")
    assert world.state("score") == "waiting"
    world.end("train[1]")
    assert world.state("score") == "starting"


def test_one_failed_instance_fails_the_job_once_the_others_are_over() -> None:
    world = World(job("train", parallelism=3), job("score", "train"))
    world.run()
    world.end("train[1]", outcome=BAD)
    assert world.states()["train"] == "starting"
    assert world.state("score") == "waiting"
    world.end("train", "train[2]")
    assert world.state("score") == "upstream_failed"
    assert world.run_state() == "failed"


def test_a_chain_of_ten_thousand_jobs_fails_to_its_end() -> None:
    chain = [job("0"), *(job(str(number), str(number - 1)) for number in range(1, 10_000))]
    engine = World(*chain).engine
    launched = engine.handle([RunRequested(CHURN, Cause(CauseKind.MANUAL))], NOON).launches
    decisions = engine.handle([AttemptEnded(launched[0], BAD)], NOON)
    assert len(decisions.transitions) == 10_000
    assert decisions.transitions[-1].reason == "'0' failed: exit code 1"


# --- dependencies in other runs -----------------------------------------------------------------------------

TWO_TIMES = (
    job("a", schedules=due_at("0 1 * * *")),
    job("b", schedules=due_at("0 2 * * *")),
    job("c", "a", "b"),
)


def test_a_job_fed_by_two_schedules_starts_with_the_later_one() -> None:
    world = World(*TWO_TIMES)
    world.fire("a")
    world.end("a")
    assert world.states() == {"a": "succeeded", "c": "skipped"}
    assert world.task("c").reason == "waits for 'b', which has not succeeded yet"
    assert world.run_state() == "succeeded"
    world.fire("b")
    world.end("b")
    assert world.states() == {"b": "succeeded", "c": "starting"}


def test_a_success_counts_once_for_a_dependent() -> None:
    world = World(*TWO_TIMES)
    for name in ("a", "b"):
        world.fire(name)
        world.end(name)
    world.end("c")
    world.fire("a")
    world.end("a")
    assert world.states() == {"a": "succeeded", "c": "skipped"}
    assert world.task("c").reason.startswith("waits for 'b', which has not succeeded since 2030-01-01 12:00:")


def test_what_depends_on_a_skipped_job_is_skipped_too() -> None:
    world = World(*TWO_TIMES, job("d", "c"))
    world.fire("a")
    world.end("a")
    assert world.states() == {"a": "succeeded", "c": "skipped", "d": "skipped"}
    assert world.task("d").reason == "'c' was skipped"


SCHEDULED_CHAIN = (job("a", schedules=due_at("0 1 * * *")), job("b", "a", schedules=due_at("0 2 * * *")))


def test_a_scheduled_job_starts_at_its_time_once_its_dependency_has_succeeded() -> None:
    world = World(*SCHEDULED_CHAIN)
    world.fire("a")
    assert world.states() == {"a": "starting"}
    world.fire("b")
    assert world.states() == {"b": "waiting"}
    assert world.task("b").reason == "waits for 'a'"
    world.end("1/a")
    assert world.states() == {"b": "starting"}


@pytest.mark.parametrize("restarted", [False, True])
def test_a_scheduled_job_whose_dependency_failed_waits_for_its_next_success(restarted: bool) -> None:
    world = World(*SCHEDULED_CHAIN)
    world.fire("a")
    world.fire("b")
    world.end("1/a", outcome=BAD)
    assert world.state("b") == "waiting"
    if restarted:
        world.restart()
    world.run("a", only=True)
    world.end("3/a")
    assert world.state("2/b") == "starting"


def test_jobs_that_are_due_together_chain_in_one_run() -> None:
    world = World(*SCHEDULED_CHAIN)
    world.fire("a", "b")
    assert world.states() == {"a": "starting", "b": "waiting"}
    world.end("a")
    assert world.state("b") == "starting"


def test_one_of_several_dependencies_in_other_runs_suffices_with_the_rule_any() -> None:
    world = World(
        job("a", schedules=due_at()),
        job("b", schedules=due_at()),
        job("c", "a", "b", schedules=due_at(), dependency_rule=DependencyRule.ANY),
    )
    world.fire("c")
    assert world.state("c") == "waiting"
    world.fire("b")
    world.end("b")
    assert world.state("c") == "starting"
