"""What sets off a job, in the words that people are shown."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from skafd.daemon.occasions import occasions_of
from skafd.model.decisions import Gathered, Happened, Heard
from skafd.model.ids import JobId, ProjectId
from skafd.model.project import CatchUp, Overlap, Schedule, Trigger, TriggerKind, all_of
from tests.support.world import job

NOW = datetime(2030, 1, 1, 12, tzinfo=UTC)


def test_a_schedule_says_all_that_its_job_says_of_it() -> None:
    schedule = Schedule(
        "0 11 * * *",
        "Europe/Berlin",
        CatchUp.ALL,
        3600.0,
        Overlap.CANCEL,
        excluded=("2030-01-02", "2030-12-25", "2030-12-24"),
        start="2030-01-01",
        end="2030-02-01",
        jitter_seconds=600,
        parameters=(("full", "true"),),
    )
    (found, second) = occasions_of(
        "churn", job("train", schedules=(schedule, Schedule("@hourly"))), False, (), NOW, 2
    ).schedules
    assert [one.local[:16] for one in found.times] == ["2030-01-03T11:00", "2030-01-04T11:00"]
    assert found.details == [
        "from 2030-01-01 until 2030-02-01",
        "not on 2030-01-02, 2030-12-24 to 2030-12-25",
        "each up to 10m00s later, always the same",
        "with full=true",
        "all that were passed over are run, oldest first, none older than 1h00m",
        "an earlier run is ended first",
    ]
    assert second.details == ["of those that were passed over the newest is run"]


def test_each_kind_of_event_has_its_words() -> None:
    triggers = (
        Trigger(TriggerKind.FILE, "inbox/*.csv"),
        Trigger(TriggerKind.PROJECT, "other/load"),
        Trigger(TriggerKind.WEBHOOK, "report"),
        Trigger(TriggerKind.EVENT, "metaflow.TrainFlow.end"),
        *all_of([Trigger(TriggerKind.EVENT, "a"), Trigger(TriggerKind.EVENT, "b")], 60.0),
    )
    found = occasions_of("churn", job("train", triggers=triggers), True, (), NOW, 2)
    assert found.events == [
        "a file inbox/*.csv that has not changed for 2.0s",
        "the success of other/load",
        "a call of the webhook report",
        "the event metaflow.TrainFlow.end, which is the success of the flow TrainFlow",
        "all of: the event a; the event b, within 1m00s",
    ]
    assert (found.paused, found.waits_for) == (True, "")


def test_what_has_come_of_a_set_is_said() -> None:
    triggers = all_of([Trigger(TriggerKind.EVENT, "a"), Trigger(TriggerKind.EVENT, "b")])
    heard = Heard(1, Happened(TriggerKind.EVENT, "a"))
    kept = Gathered(
        heard, ProjectId("churn"), JobId("train"), triggers[0].together, "event a", NOW - timedelta(hours=1)
    )
    found = occasions_of("churn", job("train", triggers=triggers), False, [kept], NOW, 2)
    assert found.waits_for == "event b; event a came at 2030-01-01 11:00:00 UTC"
