"""One instance for each item."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest

from skafd.model.decisions import ItemsFound
from skafd.model.ids import JobId
from skafd.model.project import Foreach, Job, Retry
from tests.support.rules import states_rule
from tests.support.world import BAD, CHURN, World, job

REGIONS = Foreach(items=("eu", "us", "asia"))
PUBLISHED = Foreach(job=JobId("list"))
FILES = Foreach(glob="inbox/*.csv")


def each(name: str = "each", *dependencies: str, foreach: Foreach = REGIONS, **more: object) -> Job:
    return replace(job(name, *dependencies, **more), foreach=foreach)


def items(world: World, name: str = "each") -> list[str | None]:
    return [task.item for task in next(iter(world.runs.values())).tasks if task.key.job == name]


def test_a_list_has_an_instance_for_each_item() -> None:
    states_rule("`foreach` with a list or a range has an instance for each item, told in `SKAFD_ITEM`.")
    world = World(each(), job("after", "each"))
    world.run()
    assert world.states() == {"each": "starting", "each[1]": "starting", "each[2]": "starting", "after": "waiting"}
    found = world.engine.particulars(world.task("each[2]").key)
    assert (found.item, found.instances) == ("asia", 3)


def test_the_list_that_a_dependency_published_is_taken_when_the_job_becomes_ready() -> None:
    states_rule(
        "`foreach` with a dependency takes the JSON list that it wrote to `$SKAFD_OUTPUT`, when the job becomes ready."
    )
    world = World(job("list"), each("each", "list", foreach=PUBLISHED), job("after", "each"))
    world.run()
    assert items(world) == [None]
    world.end("list", output=json.dumps(["a", 2, {"b": 3}]))
    assert items(world) == ["a", "2", '{"b": 3}']
    world.restart()
    assert world.state("each[2]") == "starting"
    world.end("each", "each[1]", "each[2]")
    assert world.state("after") == "starting"


def test_what_a_failed_attempt_published_is_not_taken() -> None:
    world = World(job("list", retry=Retry(1, delay_seconds=5)), each("each", "list", foreach=PUBLISHED))
    world.run()
    world.end("list", outcome=BAD, output='["a"]')
    world.wait(10)
    world.end("list")
    assert world.state("each") == "failed"
    assert world.task("each").reason == "'list' published no list: it wrote nothing to $SKAFD_OUTPUT"


@pytest.mark.parametrize(
    ("output", "reason"),
    [
        (None, "'list' published no list: it wrote nothing to $SKAFD_OUTPUT"),
        ("{", "what 'list' wrote to $SKAFD_OUTPUT is no JSON"),
        ("3", "what 'list' wrote to $SKAFD_OUTPUT is no list"),
        ('["a", "\\ud800"]', "its list has an item that is no text: '\\ud800'"),
        ('[{"a": "\\udfff"}]', 'its list has an item that is no text: \'{"a": "\\udfff"}\''),
        ('["a\\u0000b"]', "its list has an item that is no text: 'a\\x00b'"),
        (json.dumps(list(range(10_001))), "its list has 10001 items, and a job has at most 10000 instances"),
    ],
)
def test_what_is_no_list_is_a_failure_that_says_so(output: str | None, reason: str) -> None:
    world = World(job("list"), each("each", "list", foreach=PUBLISHED), job("after", "each"))
    world.run()
    world.end("list", output=output)
    assert world.states() == {"list": "succeeded", "each": "failed", "after": "upstream_failed"}
    assert world.task("each").reason == reason


def test_an_empty_list_is_no_obstacle() -> None:
    states_rule("A job whose list is empty is skipped, and its dependents go on.")
    world = World(job("list"), each("each", "list", foreach=PUBLISHED), job("after", "each"))
    world.run()
    world.end("list", output="[]")
    assert world.states() == {"list": "succeeded", "each": "skipped", "after": "starting"}
    world.end("after")
    assert world.run_state() == "succeeded"


def test_paths_are_looked_up_when_the_job_becomes_ready_and_again_after_a_restart() -> None:
    states_rule(
        "`foreach` with a pattern finds the paths in the snapshot and the live data, when the job becomes ready."
    )
    world = World(job("load"), each("each", "load", foreach=FILES))
    assert world.run().wanted == ()
    (wanted,) = world.end("load").wanted
    assert (wanted.job, wanted.pattern) == ("each", "inbox/*.csv")
    assert world.wait(1).wanted == ()
    assert world.engine.explain(world.task("each").key) == "waits for its list of items"
    world.restart()
    assert world.wait(1).wanted == (wanted,)
    world.send(ItemsFound(wanted.run, wanted.job, ("inbox/a.csv", "inbox/b.csv")))
    assert items(world) == ["inbox/a.csv", "inbox/b.csv"]
    assert world.send(ItemsFound(wanted.run, wanted.job, ("late",))).expanded == ()


def test_a_path_that_is_no_text_is_a_failure() -> None:
    world = World(each(foreach=FILES))
    (wanted,) = world.run().wanted
    world.send(ItemsFound(wanted.run, wanted.job, ("inbox/a.csv", "inbox/\udcff.csv")))
    assert world.task("each").reason == "its list has an item that is no text: 'inbox/\\udcff.csv'"


def test_paths_that_cannot_be_looked_up_are_a_failure() -> None:
    world = World(each(foreach=FILES))
    (wanted,) = world.run().wanted
    world.send(ItemsFound(wanted.run, wanted.job, problem="the snapshot is gone"))
    assert (world.state("each"), world.task("each").reason) == ("failed", "the snapshot is gone")


def test_a_cancelled_job_needs_no_items_any_more() -> None:
    world = World(each(foreach=FILES))
    (wanted,) = world.run().wanted
    world.cancel("each")
    assert world.send(ItemsFound(wanted.run, wanted.job, ("a",))).expanded == ()


def test_so_many_at_once() -> None:
    states_rule(
        "`max_parallel` lets so many instances of a job go at once; one that waits for its retry is one of them."
    )
    world = World(each(foreach=Foreach(items=tuple("abcdef")), max_parallel=2, retry=Retry(1, 60)))
    world.run()
    assert list(world.states().values()).count("starting") == 2
    assert world.engine.explain(world.task("each[5]").key) == "waits for one of 2 instances to end"
    world.end("each", outcome=BAD)
    assert len(world.engine.alive(CHURN)) == 1
    world.restart()
    world.wait(1)
    assert len(world.engine.alive(CHURN)) == 1
    world.end("each[1]")
    assert [attempt.task.instance for attempt in world.engine.alive(CHURN)] == [2]
    world.wait(60)
    assert sorted(attempt.task.instance for attempt in world.engine.alive(CHURN)) == [0, 2]


def test_dependents_go_on_once_the_declared_share_has_succeeded() -> None:
    states_rule("With `need: 80%` dependents start as soon as that share of the instances has succeeded.")
    world = World(each(foreach=Foreach(items=tuple("abcde")), need=0.8), job("after", "each"))
    world.run()
    world.end("each", outcome=BAD)
    world.end("each[1]", "each[2]", "each[3]")
    assert world.state("after") == "waiting"
    world.restart()
    world.end("each[4]")
    assert world.state("after") == "starting"
    world.end("after")
    assert world.run_state() == "succeeded"


def test_the_share_may_be_reached_while_others_run_and_a_restart_remembers() -> None:
    world = World(each(foreach=Foreach(items=tuple("abcd")), need=0.5), job("after", "each"), job("last", "after"))
    world.run()
    world.end("each", "each[1]")
    assert world.state("after") == "starting"
    world.restart()
    world.end("after")
    assert world.state("last") == "starting"
    world.end("each[2]", "each[3]", outcome=BAD)
    world.end("last")
    assert world.run_state() == "succeeded"


def test_too_few_successes_stop_the_dependents() -> None:
    world = World(each(foreach=Foreach(items=tuple("abcd")), need=0.5), job("after", "each"))
    world.run()
    world.end("each", "each[1]", "each[2]", outcome=BAD)
    world.end("each[3]")
    assert world.state("after") == "upstream_failed"
    assert world.task("after").reason == "'each' failed: exit code 1; 1 of 4 succeeded, and 50% is needed"
    assert world.run_state() == "failed"


def test_each_instance_is_tried_again_by_itself() -> None:
    states_rule("Each instance is tried again, killed, skipped and shown by itself, as `churn/42/train[3]`.")
    world = World(each(retry=Retry(1)))
    world.run()
    world.end("each[1]", outcome=BAD)
    assert [world.task(name).attempt for name in ("each", "each[1]", "each[2]")] == [1, 2, 1]


def test_a_resumed_fan_out_runs_only_what_failed() -> None:
    world = World(job("list"), each("each", "list", foreach=PUBLISHED), job("after", "each"))
    world.run()
    world.end("list", output='["a", "b", "c"]')
    world.end("each", "each[2]")
    world.end("each[1]", outcome=BAD)
    world.again()
    assert world.states() == {
        "list": "succeeded",
        "each": "succeeded",
        "each[1]": "starting",
        "each[2]": "succeeded",
        "after": "waiting",
    }
    assert world.task("2/each[1]").item == "b"


def test_a_resumed_fan_out_that_never_began_takes_the_list_that_was_kept() -> None:
    world = World(job("list"), job("other"), each("each", "list", "other", foreach=PUBLISHED))
    world.run()
    world.end("list", output='["a", "b"]')
    world.end("other", outcome=BAD)
    world.again()
    world.end("other")
    assert [world.task(f"2/each[{number}]").item for number in (0, 1)] == ["a", "b"]


def test_ten_thousand_instances() -> None:
    world = World(job("list"), each("each", "list", foreach=PUBLISHED, max_parallel=100))
    world.run()
    decisions = world.engine.handle(
        [
            __import__("skafd.model.decisions", fromlist=["AttemptEnded"]).AttemptEnded(
                world.attempt("list"), BAD.__class__(0), output=json.dumps(list(range(10_000)))
            )
        ],
        world.now,
    )
    assert len(decisions.expanded[0].tasks) == 10_000
    assert len(decisions.launches) == 64 + 36 or len(decisions.launches) == 100
