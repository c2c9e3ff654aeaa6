"""A wide flow whose scheduler is killed again and again while it runs."""

from __future__ import annotations

import os
import signal
from collections import Counter

import psutil

from tests.support.flow_projects import FlowProjects, states

WIDE = """\
import os

from metaflow import FlowSpec, step

class WideFlow(FlowSpec):
    @step
    def start(self):
        self.numbers = list(range(int(os.environ["WIDTH"])))
        self.next(self.work, foreach="numbers")

    @step
    def work(self):
        with open(os.environ["LEDGER"], "a") as ledger:
            ledger.write("%d\\n" % self.input)
        self.square = self.input ** 2
        self.next(self.join)

    @step
    def join(self, inputs):
        self.squares = [one.square for one in inputs]
        self.next(self.end)

    @step
    def end(self):
        pass

if __name__ == "__main__":
    WideFlow()
"""


def kill_daemon_while_wide(flows: FlowProjects, width: int, kills: int) -> None:
    """Kills the daemon so often while so many tasks run; fails when one of them is missing, or ran twice."""
    ledger = flows.installed.root / "ledger"
    ledger.touch()
    variables = f"{{LEDGER: {ledger}, WIDTH: '{width}'}}"
    folder = flows.write(
        "wide", f"  - {{name: wide, type: metaflow, entrypoint: wide.py, env: {variables}}}\n", {"wide.py": WIDE}
    )
    live = flows.installed
    live.ok("up", folder, "--detach")
    for kill in range(kills):
        done = width * (kill + 1) // (kills + 2)
        live.wait_for(f"{done} tasks", lambda done=done: len(ledger.read_text().split()) >= done)
        pid = int(live.status()["daemon"]["pid"])
        os.kill(pid, signal.SIGKILL)
        live.wait_for("the daemon to be gone", lambda pid=pid: not psutil.pid_exists(pid))
        live.ok("up", "--detach")
    run = flows.finish("wide/1")
    assert run["summary"]["state"] == "succeeded", live.ok("logs", "wide/1")
    assert Counter(ledger.read_text().split()) == Counter(str(number) for number in range(width))
    assert states(run)["wide/join"] == "succeeded"
    assert {len(task["attempts"]) for task in run["tasks"]} == {1}
    assert any(attempt["start"] == "warm" for task in run["tasks"] for attempt in task["attempts"])
    said = flows.ask(folder, "WideFlow")
    assert said["artifacts"]["squares"] == repr([number**2 for number in range(width)])
    assert len(said["steps"]["work"]) == width
