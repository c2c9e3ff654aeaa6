"""schedule, pause, resume and backfill: what they ask of the daemon and print."""

from __future__ import annotations

import json

from tests.support.fake_backend import FakeBackend
from tests.unit.commands.conftest import Shell

SHOWN = "2026-02-01 11:00 to 2026-02-03 11:00 UTC"
SPAN = ("--from", "2026-02-01", "--to", "2026-02-03")


def test_schedule_shows_what_is_coming_what_was_missed_and_what_is_paused(shell: Shell, daemon: FakeBackend) -> None:
    ended = shell("schedule", "churn", "--hours", "48")
    assert daemon.asked == [("schedule", "churn", 48.0)]
    for text in ("The next 48 hours", "churn/ingest", "the machine was asleep", "Paused: churn/report"):
        assert text in ended.out
    assert json.loads(shell("schedule", "--json").out)["complete"] is True
    assert daemon.asked[-1] == ("schedule", None, 24.0)


def test_explain_needs_no_daemon(shell: Shell) -> None:
    ended = shell("schedule", "explain", "30 2 * * *", "--tz", "Europe/Berlin", "-n", "400")
    assert ended.code == 0
    for text in ("at 02:30 every day, Europe/Berlin", "gap: the clock goes forward", "fold: the clock goes back"):
        assert text in ended.out
    assert "A fixed wall time runs once per local day" in ended.out
    explained = json.loads(shell("schedule", "explain", "every 2 mins", "--json").out)
    assert len(explained["times"]) == 5


def test_explain_refuses_with_the_nearest_that_is_understood(shell: Shell) -> None:
    ended = shell("schedule", "explain", "dayly at 7")
    assert ended.code == 1
    assert "did you mean `daily at 07:00`?" in ended.err
    assert shell("schedule", "explain").code == 2
    assert shell("schedule", "churn", "@daily").code == 2


def test_a_job_is_explained_by_its_schedules_and_its_events(shell: Shell, daemon: FakeBackend) -> None:
    ended = shell("schedule", "explain", "churn/report", "-n", "1")
    assert daemon.asked == [("explain_jobs", "churn", "report", 1)]
    assert ended.out.splitlines() == [
        "churn/report",
        "It is due at 11:00 every day, UTC (0 11 * * *).",
        "  missed while an earlier run has not ended",
        "  UTC                            UTC",
        "  Sun 2026-02-01 11:00:00 +0000  2026-02-01 11:00:00Z",
        "  A fixed wall time runs once per local day.",
        "It runs after the success of other/load.",
        "It waits for event b; event a came at 2026-02-01 10:00:00 UTC.",
    ]
    assert json.loads(shell("schedule", "explain", "churn", "--json").out)[0]["job"] == "report"
    assert daemon.asked[-1] == ("explain_jobs", "churn", None, 5)
    assert shell("schedule", "explain", "churn/report", "--tz", "UTC").code == 2
    assert "no project chern" in shell("schedule", "explain", "chern/report").err


def test_pause_and_resume_name_a_project_or_a_job(shell: Shell, churn: FakeBackend) -> None:
    assert "churn is paused" in shell("pause", "churn").out
    assert "churn/ingest is paused" in shell("pause", "ingest").out
    assert "churn is resumed" in shell("resume").out
    assert churn.asked == [("pause", "churn", None), ("pause", "churn", "ingest"), ("resume", "churn", None)]
    ended = shell("resume", "churn/train")
    assert (ended.code, "not paused" in ended.err) == (1, True)


def test_a_backfill_says_first_what_it_does(shell: Shell, daemon: FakeBackend) -> None:
    ended = shell("backfill", "churn", "ingest", *SPAN, "--parallel", "2")
    assert ended.out.splitlines() == [
        f"This makes 3 runs of churn/ingest with what depends on it, 2 at a time, for {SHOWN}.",
        "backfill 7 has begun; `skafd backfill --cancel 7` ends it",
    ]
    asked = ("backfill", "churn", "ingest", "2026-02-01", "2026-02-03", 2, False)
    assert daemon.asked == [(*asked, True), (*asked, False)]


def test_a_dry_run_does_nothing(shell: Shell, daemon: FakeBackend) -> None:
    ended = shell("backfill", "churn", "ingest", *SPAN, "--dry-run", "--only")
    assert ended.out.startswith("This would make 3 runs of churn/ingest")
    assert [asked[-2:] for asked in daemon.asked] == [(True, True)]


def test_backfills_are_listed_and_cancelled(shell: Shell, daemon: FakeBackend) -> None:
    assert "1 of 3 runs" in shell("backfill").out
    assert json.loads(shell("backfill", "--json").out)[0]["number"] == 7
    assert "backfill 7 is cancelled" in shell("backfill", "--cancel", "7").out
    assert daemon.asked == [("cancel_backfill", 7)]


def test_a_backfill_needs_both_ends_and_a_job(shell: Shell, daemon: FakeBackend) -> None:
    assert shell("backfill", "churn", "ingest", "--from", "2026-02-01").code == 2
    assert shell("backfill", "churn", *SPAN).code == 2
    assert daemon.asked == []
