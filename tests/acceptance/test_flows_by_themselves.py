"""Flows that nobody starts: one is due each hour, the other when the first has ended."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Iterator
from datetime import timedelta

import pytest

from tests.support.installed import SKAFD
from tests.support.set_clock import TimeTraveller

HOURLY = """\
from metaflow import FlowSpec, schedule, step

@schedule(hourly=True)
class HourlyFlow(FlowSpec):
    @step
    def start(self):
        self.size = 3
        self.next(self.end)

    @step
    def end(self):
        pass

if __name__ == "__main__":
    HourlyFlow()
"""
AFTER = """\
from metaflow import FlowSpec, current, step, trigger_on_finish

@trigger_on_finish(flow="HourlyFlow")
class AfterFlow(FlowSpec):
    @step
    def start(self):
        print("found", current.trigger.run.data.size)
        self.next(self.end)

    @step
    def end(self):
        pass

if __name__ == "__main__":
    AfterFlow()
"""
JOBS = """\
  - {name: hourly, type: metaflow, entrypoint: hourly.py}
  - {name: after, type: metaflow, entrypoint: after.py}
"""
SECONDS_BEFORE = 5


@pytest.fixture
def machine() -> Iterator[TimeTraveller]:
    with TimeTraveller() as traveller:
        traveller.start()
        yield traveller


def test_an_hourly_flow_runs_on_the_hour_and_another_when_it_has_ended(machine: TimeTraveller) -> None:
    files = {"requirements.txt": "metaflow\n", "hourly.py": HOURLY, "after.py": AFTER}
    machine.deploy(machine.write("flows", JOBS, files))
    assert "flows/hourly has never run: it is due next at" in said(machine, "why", "flows/hourly")
    assert "it waits for event metaflow.HourlyFlow.end" in said(machine, "why", "flows/after")
    explained = said(machine, "schedule", "explain", "flows/hourly")
    assert "flows/hourly It is due at the start of every hour, UTC (0 * * * *)." in explained
    explained = said(machine, "schedule", "explain", "flows/after")
    assert "It runs after the event metaflow.HourlyFlow.end, which is the success of the flow HourlyFlow." in explained
    hour = (machine.now() + timedelta(hours=1)).replace(minute=0, second=0, microsecond=0)
    assert f"{hour:%H:%M}" in said(machine, "schedule", "flows")
    machine.set_clock((hour - machine.now()).total_seconds() - SECONDS_BEFORE)
    machine.wait_for("both to have begun", lambda: len(machine.client.runs()) == 2)
    hourly, after = machine.ended("flows/1"), machine.ended("flows/2")
    assert (hourly["summary"]["cause"], hourly["summary"]["state"]) == ("schedule", "succeeded")
    assert (after["summary"]["cause"], after["summary"]["state"]) == ("event", "succeeded")
    assert hourly["summary"]["instant"] == hour.isoformat()
    assert "found 3" in said(machine, "logs", "flows/2/after/start")
    assert ", due " in said(machine, "show", "flows/1")
    assert f"cause event {after['summary']['cause_detail']}" in said(machine, "show", "flows/2")
    assert "HourlyFlow" in after["summary"]["cause_detail"]
    assert "flows/1" in said(machine, "why", "flows/hourly")
    assert "flows/2" in said(machine, "why", "flows/after")
    # As @schedule writes it, and as skafd does.
    assert said(machine, "schedule", "explain", "0 * * * ? *") == said(machine, "schedule", "explain", "0 * * * *")


def said(machine: TimeTraveller, *arguments: str) -> str:
    """What a command prints, on one line."""
    done = subprocess.run(
        [str(SKAFD), *arguments],
        env={**os.environ, "SKAFD_HOME": str(machine.home.path), "COLUMNS": "1000"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return " ".join(done.stdout.split())
