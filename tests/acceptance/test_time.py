"""Pauses and backfills through the installed command."""

from __future__ import annotations

import json
import signal
from datetime import UTC, date, datetime, timedelta
from typing import Any

import psutil

from tests.support.installed import Installed
from tests.support.live import LiveDaemon

DAYS = 6


def start(installed: Installed, name: str, schedule: str, script: str = "print('tick')\n") -> LiveDaemon:
    config = f"name: {name}\njobs:\n  - {{name: tick, entrypoint: tick.py, schedule: {schedule}}}\n"
    folder = installed.write_project(name, {"metis.config.yml": config, "tick.py": script})
    installed.ok("up", folder, "--detach")
    return LiveDaemon(installed)


def test_what_is_due_while_paused_is_missed_for_that_also_after_a_restart(installed: Installed) -> None:
    live = start(installed, "hush", "every 1 second")
    live.wait_for("a run", lambda: live.runs("hush"))
    installed.ok("pause", "hush/tick")
    installed.ok("down")
    installed.ok("up", "--detach")
    assert live.project("hush")["jobs"][0]["paused"] is True
    assert "paused" in installed.ok("status", "--once")
    live.wait_for("something to be missed", lambda: "paused" in causes(live))
    before = len(live.runs("hush"))
    seen = len(live.client.schedule("hush")["missed"])
    live.wait_for("more to be missed", lambda: len(live.client.schedule("hush")["missed"]) > seen + 1)
    assert len(live.runs("hush")) == before
    assert "Paused: hush/tick" in installed.ok("schedule", "hush")
    installed.ok("resume", "hush/tick")
    live.wait_for("runs again", lambda: len(live.runs("hush")) > before)
    assert installed.command("resume", "hush/tick").returncode == 1


EXPLAINED = """\
name: churn
timezone: Europe/Berlin
jobs:
  - name: tick
    entrypoint: "true"
    schedule:
      - {cron: "0 11 * * *", except: [2026-12-24 to 2026-12-26], start: 2026-01-01, jitter: 10m, overlap: skip}
      - every weekday at 6pm
  - {name: load, entrypoint: "true", on: {all: [{event: a}, {file: "inbox/*.csv"}], within: 1h}}
  - {name: after, entrypoint: "true", dependencies: [tick]}
"""


def test_a_job_is_explained_by_its_schedules_and_its_events(installed: Installed) -> None:
    folder = installed.write_project("churn", {"metis.config.yml": EXPLAINED, ".gitignore": "inbox/\n"})
    installed.ok("up", folder, "--detach")
    explained = installed.ok("schedule", "explain", "churn/tick", "-n", "1").splitlines()
    for line in (
        "churn/tick",
        "It is due at 11:00 every day, Europe/Berlin (0 11 * * *).",
        "  from 2026-01-01",
        "  not on 2026-12-24 to 2026-12-26",
        "  each up to 10m00s later, always the same",
        "  missed while an earlier run has not ended",
        "It is due every weekday at 18:00, Europe/Berlin (every weekday at 6pm).",
    ):
        assert line in explained
    installed.ok("event", "publish", "a")
    explained = installed.ok("schedule", "explain", "churn")
    a_file = "a file inbox/*.csv that has not changed for 2.0s"
    assert f"It runs after all of: the event a; {a_file}, within 1h00m." in explained
    assert "It waits for file inbox/*.csv within 1h00m; event a came at" in explained
    assert [one["job"] for one in installed.json("schedule", "explain", "churn")] == ["tick", "load"]
    assert "has no schedule" in installed.command("schedule", "explain", "churn/after").stderr
    assert "no job tock in churn" in installed.command("schedule", "explain", "churn/tock").stderr
    assert "not understood" in installed.command("schedule", "explain", "whenever").stderr


def causes(live: LiveDaemon) -> set[str]:
    return {missed["cause"] for missed in live.client.schedule("hush")["missed"]}


SCRIPT = """\
import os, time
name = os.environ["SKAFD_OCCURRENCE"]
os.makedirs(os.environ["BEGUN"], exist_ok=True)
open(os.path.join(os.environ["BEGUN"], name), "w").close()
while not os.path.exists(os.environ["GATE"]):
    time.sleep(0.02)
"""


def backfill(live: LiveDaemon, number: int) -> dict[str, Any]:
    return dict(live.client.find_backfill(number))


def write(installed: Installed) -> LiveDaemon:
    gate, begun = installed.root / "gate", installed.root / "begun"
    config = (
        f'name: past\nenv: {{GATE: "{gate}", BEGUN: "{begun}"}}\n'
        "jobs:\n  - {name: score, entrypoint: score.py, schedule: daily at 07:30}\n"
    )
    folder = installed.write_project("past", {"metis.config.yml": config, "score.py": SCRIPT})
    installed.ok("up", folder, "--detach")
    return LiveDaemon(installed)


def span() -> tuple[str, ...]:
    last = datetime.now(UTC).date() - timedelta(days=2)
    return ("--from", str(last - timedelta(days=DAYS - 1)), "--to", str(last))


def test_a_backfill_makes_its_runs_a_few_at_a_time_and_survives_the_daemon(installed: Installed) -> None:
    live = write(installed)
    preview = installed.ok("backfill", "past", "score", *span(), "--dry-run")
    assert preview.startswith(f"This would make {DAYS} runs of past/score")
    assert live.client.backfills() == []
    begun = json.loads(installed.ok("backfill", "past", "score", *span(), "--parallel", "2", "--json"))
    number = begun["number"]
    live.wait_for("two to run", lambda: len(list((installed.root / "begun").glob("*"))) == 2)
    found = backfill(live, number)
    assert (found["state"], len(found["runs"]), found["remaining"]) == ("running", 2, DAYS - 2)

    daemon = psutil.Process(live.client.status()["daemon"]["pid"])
    daemon.send_signal(signal.SIGKILL)
    daemon.wait()
    installed.ok("up", "--detach")
    assert len(backfill(live, number)["runs"]) == 2
    (installed.root / "gate").touch()
    live.wait_for("the end of the backfill", lambda: backfill(live, number)["state"] == "succeeded")
    days = {date.fromisoformat(path.name[:10]) for path in (installed.root / "begun").iterdir()}
    assert len(days) == DAYS
    assert [run["instant"] for run in backfill(live, number)["runs"]] == found["instants"]
    assert {run["cause"] for run in live.runs("past")} == {"backfill"}


def test_a_backfill_is_cancelled_as_one(installed: Installed) -> None:
    live = write(installed)
    number = json.loads(installed.ok("backfill", "past", "score", *span(), "--json"))["number"]
    live.wait_for("one to run", (installed.root / "begun").is_dir)
    installed.ok("backfill", "--cancel", str(number))
    live.wait_for("its end", lambda: backfill(live, number)["state"] == "cancelled")
    assert len(live.runs("past")) == 1
    assert installed.command("backfill", "--cancel", str(number)).returncode == 1
