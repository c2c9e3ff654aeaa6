"""Events that must all have come, by the rules of docs/events.md."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import timedelta

import pytest

from skafd.engine.awaited import awaited
from skafd.model.decisions import ClockJumped, ProjectForgotten
from skafd.model.ids import JobId
from skafd.model.project import Overlap, Parameter, Trigger, TriggerKind, all_of
from tests.support.rules import states_rule
from tests.support.world import CHURN, World, job


def rule(sentence: str) -> None:
    states_rule(sentence, "events")


def all_events(*names: str, within_seconds: float | None = None, **more: object) -> tuple[Trigger, ...]:
    ones = [replace(Trigger(TriggerKind.EVENT, name), **more) for name in names]  # type: ignore[arg-type]
    return all_of(ones, within_seconds)


def causes(world: World) -> list[tuple[int, str]]:
    return [(one.event, one.cause) for one in world.unheeded]


@pytest.mark.parametrize("restarted", [False, True])
@pytest.mark.parametrize("order", ["ab", "ba"])
def test_a_job_runs_when_all_have_come(order: str, restarted: bool) -> None:
    rule(
        "With `all` a job runs when one of each of these events has come, in whatever order; then the wait begins anew."
    )
    rule("What has come is remembered: a restart forgets none of it.")
    world = World(job("load", triggers=all_events("a", "b")), job("after", "load"))
    for number in (1, 2):
        world.happen(order[0])
        if restarted:
            world.restart()
        assert len(world.runs) == number - 1
        world.happen(order[1])
        assert world.state(f"{number}/load") == "starting"
        assert world.state(f"{number}/after") == "waiting"
        world.end(f"{number}/load")
    assert world.gathered == world.unheeded == []


def test_the_newest_of_each_counts() -> None:
    rule("Of each event the newest counts; the one before it passes by.")
    world = World(job("load", triggers=all_events("a", "b"), parameters=(Parameter("day"),)))
    world.happen("a", parameters=(("day", "1"),))
    world.happen("a", parameters=(("day", "2"),))
    world.happen("b")
    (run,) = world.runs.values()
    assert dict(run.parameters) == {"day": "2"}
    assert causes(world) == [(1, "event 2 took its place before all had come")]


def test_what_came_too_early_counts_no_more() -> None:
    rule("With `within` an event that came so much earlier than another counts no more.")
    world = World(job("load", triggers=all_events("a", "b", within_seconds=60)))
    world.happen("a")
    world.wait(70)
    world.happen("b")
    assert world.runs == {}
    assert causes(world) == [(1, "it came more than 1m00s before the others")]
    world.happen("a")
    assert world.state("1/load") == "starting"


def test_the_clock_does_not_make_it_early() -> None:
    world = World(job("load", triggers=all_events("a", "b", within_seconds=60)))
    world.happen("a")
    world.now += timedelta(hours=1)
    world.send(ClockJumped(timedelta(hours=1)))
    world.happen("b")
    assert world.state("1/load") == "starting"


def test_a_new_version_goes_on_with_the_same_set() -> None:
    rule("A new version of the job with the same `all` goes on with what has come; with another one it passes by.")
    world = World(job("load", triggers=all_events("a", "b")))
    world.happen("a")
    world.deploy(job("load", triggers=all_events("a", "b")), job("more", triggers=all_events("c", "d")))
    world.happen("c")
    world.deploy(job("load", triggers=all_events("a", "b")))
    assert causes(world) == [(2, "its job waits for other events now")]
    world.happen("b")
    assert world.state("load") == "starting"
    world.happen("a")
    world.send(ProjectForgotten(CHURN))
    assert causes(world)[1:] == [(4, "the project is no longer deployed")]
    assert world.gathered == []


def test_a_run_is_given_what_all_of_them_bring() -> None:
    rule(
        "The run is given the parameters of all of them, the later before the earlier; "
        "its `SKAFD_EVENT_` variables are those of the last."
    )
    triggers = (
        *all_of(
            (
                Trigger(TriggerKind.EVENT, "a", parameters=(("mode", "fast"),)),
                Trigger(TriggerKind.EVENT, "b", fields=(("region", "area"),)),
            )
        ),
    )
    declared = (Parameter("rows", "int"), Parameter("region"), Parameter("mode"))
    world = World(job("load", triggers=triggers, parameters=declared))
    world.happen("a", parameters=(("rows", "7"),), facts=(("FILE", "/in/x"),))
    world.happen("b", parameters=(("rows", "many"),))
    assert causes(world) == [(2, "its parameter rows is of type int, which 'many' is not")]
    world.happen("b", parameters=(("rows", "8"), ("area", "eu")))
    (run,) = world.runs.values()
    assert dict(run.parameters) == {"mode": "fast", "rows": "8", "region": "eu"}
    assert run.cause.detail == "event a and event b"
    event = run.cause.event
    assert event is not None
    assert (event.number, event.name, event.chain) == (3, "b", ("churn/load",))
    facts = dict(event.facts)
    assert facts["FILE"] == "/in/x"
    assert json.loads(facts["ALL"]) == [
        {"number": 1, "kind": "event", "name": "a", "file": "/in/x", "parameters": {"rows": "7"}},
        {"number": 3, "kind": "event", "name": "b", "parameters": {"rows": "8", "area": "eu"}},
    ]


def test_more_than_a_job_can_be_told_is_told_in_short() -> None:
    world = World(job("load", triggers=all_events("a", "b")))
    world.happen("a", facts=(("FILES", "x" * 100_000),))
    world.happen("b")
    (run,) = world.runs.values()
    assert run.cause.event is not None
    assert json.loads(dict(run.cause.event.facts)["ALL"])[0] == {"number": 1, "kind": "event", "name": "a"}


def test_one_event_may_suffice_beside_a_set() -> None:
    single = Trigger(TriggerKind.EVENT, "now", overlap=Overlap.ALLOW)
    world = World(job("load", triggers=(single, *all_events("a", "b", overlap=Overlap.ALLOW), *all_events("a", "c"))))
    world.happen("a")
    world.happen("now")
    assert len(world.runs) == 1
    world.happen("c")
    assert len(world.runs) == 2
    world.happen("b")
    assert len(world.runs) == 3
    assert world.gathered == []


def test_jobs_with_the_same_events_share_a_run() -> None:
    world = World(job("load", triggers=all_events("a", "b")), job("also", triggers=all_events("a", "b")))
    world.happen("a")
    world.happen("b")
    assert world.states(1) == {"load": "starting", "also": "starting"}
    assert len(world.runs) == 1


def test_a_set_that_overlaps_or_is_paused_passes_by_as_a_whole() -> None:
    world = World(job("load", triggers=all_events("a", "b", overlap=Overlap.SKIP)))
    for name in "abab":
        world.happen(name)
    assert sorted({*causes(world)}) == [
        (3, "overlap: 'load' of run 1 has not ended"),
        (4, "overlap: 'load' of run 1 has not ended"),
    ]
    assert world.gathered == []
    world.engine.pause([(CHURN, JobId("load"))])
    world.happen("a")
    assert causes(world)[-1] == (5, "paused")
    assert world.gathered == []


def test_it_is_said_what_is_missing_and_what_has_come() -> None:
    rule("`skafd status` and `skafd why` say which of them have come, and which are missing.")
    single = Trigger(TriggerKind.WEBHOOK, "go")
    waiting = job("load", triggers=(single, *all_events("a", "b", "c", within_seconds=3600)))
    world = World(waiting)
    assert awaited(waiting, world.gathered, world.now) == "webhook go or event a and event b and event c within 1h00m"
    world.happen("b")
    said = "webhook go or event a and event c within 1h00m; event b came at 2030-01-01 12:00:01 UTC"
    assert awaited(waiting, world.gathered, world.now) == said
    later = world.now + timedelta(hours=2)
    assert awaited(waiting, world.gathered, later) == "webhook go or event a and event b and event c within 1h00m"
