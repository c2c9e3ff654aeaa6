"""Schedules through the installed command: jobs run when they are due, once, also when nobody was there."""

from __future__ import annotations

import itertools
import re
import signal
import sqlite3
from datetime import UTC, datetime, time, timedelta

import psutil

from tests.support.installed import Installed
from tests.support.live import LiveDaemon


def start(installed: Installed, name: str, job: str, script: str = "print('tick')\n") -> LiveDaemon:
    """A daemon with one project of one job called `tick`."""
    config = f"name: {name}\njobs:\n  - {{name: tick, entrypoint: tick.py, {job}}}\n"
    folder = installed.write_project(name, {"metis.config.yml": config, "tick.py": script})
    installed.ok("up", folder, "--detach")
    return LiveDaemon(installed)


def instants_of(runs: list[dict]) -> list[datetime]:
    return [datetime.fromisoformat(run["instant"]) for run in runs]


def ended(live: LiveDaemon, name: str) -> list[dict]:
    return [run for run in live.runs(name) if run["ended_at"]]


def occurrences(installed: Installed, state: str) -> list[tuple[datetime, str]]:
    """What the database has of occurrences, when the daemon is down."""
    with sqlite3.connect(f"file:{installed.home}/skafd.db?mode=ro", uri=True) as database:
        rows = database.execute("SELECT instant, cause FROM occurrence WHERE state = ? ORDER BY instant", [state])
        found = [(datetime.fromtimestamp(instant / 1e6).astimezone(), cause) for instant, cause in rows]
    database.close()
    return found


def test_a_job_runs_each_time_it_is_due(installed: Installed) -> None:
    live = start(installed, "clock", 'schedule: "every 2 seconds"')
    live.wait_for("two runs", lambda: len(ended(live, "clock")) >= 2)
    runs = live.runs("clock")
    assert {run["cause"] for run in runs} == {"schedule"}
    instants = instants_of(runs)
    assert [instant.second % 2 for instant in instants] == [0] * len(instants)
    assert len({*instants}) == len(instants), "an occurrence has one run"
    assert {run["state"] for run in ended(live, "clock")} == {"succeeded"}
    assert "tick" in installed.ok("logs", "clock/1")


def test_the_next_time_is_shown(installed: Installed) -> None:
    live = start(installed, "later", 'schedule: "0 11 * * *"')
    (job,) = live.project("later")["jobs"]
    next_at = datetime.fromisoformat(job["next_at"])
    assert (next_at.hour, next_at.minute, next_at.second) == (11, 0, 0)
    assert next_at.utcoffset() is not None
    assert 0 < (next_at - datetime.now().astimezone()).total_seconds() <= 86400
    assert re.search(r"tick +0 11 \* \* \* +in \d", installed.ok("status", "--once"))
    assert live.runs("later") == [], "a job with a schedule waits for it"


def test_days_that_are_left_out_and_days_before_the_start_have_no_occurrence(installed: Installed) -> None:
    today = datetime.now(UTC).date()
    start_day, left_out = today + timedelta(days=2), today + timedelta(days=3)
    schedule = f'{{cron: "0 11 * * *", start: {start_day}, except: [{start_day} to {left_out}], jitter: 5m}}'
    live = start(installed, "holidays", f"schedule: {schedule}")
    (job,) = live.project("holidays")["jobs"]
    next_at = datetime.fromisoformat(job["next_at"]).astimezone(UTC)
    first = datetime.combine(left_out + timedelta(days=1), time(11), UTC)
    assert timedelta(0) <= next_at - first <= timedelta(minutes=5)


def test_a_schedule_is_spent_after_max_runs(installed: Installed) -> None:
    live = start(installed, "twice", 'schedule: "every 1 second", max_runs: 2')
    live.wait_for("two runs", lambda: len(ended(live, "twice")) >= 2)
    live.wait_for("the schedule to be spent", lambda: live.project("twice")["jobs"][0]["next_at"] is None)
    # Further occurrences go by; what a run by hand would show as a third is the proof that none of them fired.
    last = max(instants_of(live.runs("twice")))
    live.wait_for("more of them to pass", lambda: (datetime.now().astimezone() - last).total_seconds() > 3)
    live.client.start_run("twice")
    live.wait_for_run("twice/3")
    assert [run["cause"] for run in live.runs("twice")] == ["schedule", "schedule", "manual"]

    # A new version counts anew.
    (installed.projects / "twice" / "tick.py").write_text("print('tock')\n")
    live.wait_for("two more runs", lambda: len(ended(live, "twice")) >= 5)
    assert {run["deployment"] for run in live.runs("twice")[3:]} == {2}


def test_after_a_pause_one_run_makes_up_for_all_that_were_missed(installed: Installed) -> None:
    live = start(installed, "pause", 'schedule: "every 1 second"')
    live.wait_for("a run", lambda: ended(live, "pause"))
    daemon = psutil.Process(live.client.status()["daemon"]["pid"])
    daemon.send_signal(signal.SIGKILL)
    daemon.wait()
    seen = occurrences(installed, "fired")
    last = seen[-1][0]
    installed.wait_for("five occurrences to pass", lambda: (datetime.now().astimezone() - last).total_seconds() > 6)

    installed.ok("up", "--detach")
    back_at = datetime.fromisoformat(live.client.status()["daemon"]["started_at"])
    live.wait_for("the schedule to go on", lambda: len([r for r in instants_of(live.runs("pause")) if r > back_at]) > 1)
    installed.ok("down")
    fired = [instant for instant, _ in occurrences(installed, "fired")]
    missed = [instant for instant, cause in occurrences(installed, "missed") if cause == "the daemon was down"]
    assert len(missed) >= 4
    newest_missed = max(missed)
    assert not [instant for instant in fired if last < instant <= newest_missed], "only the latest is made up for"
    assert newest_missed + timedelta(seconds=1) in fired
    # Nothing is unaccounted for, and nothing twice.
    everything = sorted(instant for state in ("fired", "missed") for instant, _ in occurrences(installed, state))
    assert {later - earlier for earlier, later in itertools.pairwise(everything)} == {timedelta(seconds=1)}


LOCKED = """\
import os, time
lock, gate = os.environ["LOCK"], os.environ["GATE"]
os.mkdir(lock)
while not os.path.exists(gate):
    time.sleep(0.02)
os.rmdir(lock)
"""


def test_an_occurrence_waits_for_the_one_before_it_and_no_more_than_one_does(installed: Installed) -> None:
    lock, gate = installed.root / "lock", installed.root / "gate"
    live = start(installed, "queue", f'schedule: "every 1 second", env: {{LOCK: {lock}, GATE: {gate}}}', LOCKED)
    live.wait_for("one that runs, one that waits", lambda: len(live.runs("queue")) == 2)
    waiting = live.client.run("queue/2")["tasks"][0]
    assert (waiting["state"], waiting["reason"]) == ("waiting", "waits for run 1 to end, in which 'tick' has not")
    live.wait_for("others to pass", lambda: _is_overdue(live, seconds=3))
    assert len(live.runs("queue")) == 2

    gate.touch()
    live.wait_for("the line to move on", lambda: len(ended(live, "queue")) >= 3)
    installed.ok("kill", "queue")
    installed.ok("down")
    # Two at once would have failed to make the lock.
    with sqlite3.connect(f"file:{installed.home}/skafd.db?mode=ro", uri=True) as database:
        states = {state for (state,) in database.execute("SELECT DISTINCT state FROM run WHERE ended_at IS NOT NULL")}
    database.close()
    assert states <= {"succeeded", "cancelled"}
    assert any("run 2 already waits for run 1" in cause for _, cause in occurrences(installed, "missed"))


def _is_overdue(live: LiveDaemon, seconds: float) -> bool:
    newest = max(instants_of(live.runs("queue")))
    return (datetime.now().astimezone() - newest).total_seconds() > seconds


def test_a_job_due_while_it_is_saved_keeps_its_schedule(installed: Installed) -> None:
    """A version with the same schedule takes over where the last one was: nothing is skipped, nothing runs twice."""
    live = start(installed, "saved", 'schedule: "every 1 second"')
    script = installed.projects / "saved" / "tick.py"
    for number in range(2, 5):
        script.write_text(f"print('tick {number}')\n")
        live.wait_until_live("saved", "tick.py", f"print('tick {number}')\n")
    live.wait_for("runs of the last version", lambda: [run["deployment"] for run in live.runs("saved")].count(4) > 1)
    installed.ok("down")
    everything = sorted(instant for state in ("fired", "missed") for instant, _ in occurrences(installed, state))
    assert {later - earlier for earlier, later in itertools.pairwise(everything)} == {timedelta(seconds=1)}
