"""A flow of 50 steps in a row, and a foreach of 200, by skafd and by `python flow.py run`, in alternating rounds.

Both run the same files with the same interpreter and packages; each has a datastore of its own. Processor time is that
of the control groups of the steps, warm and cold.

    python benchmarks/flows.py [--rounds N] [--steps N] [--items N] [--json]
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

if __name__ == "__main__":
    sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from benchmarks.real_daemon import Json, RealDaemon, running_empty

HEAD = "from metaflow import FlowSpec, step\n\n\nclass {name}(FlowSpec):\n"
STEP = "    @step\n    def {name}(self{inputs}):\n{body}\n"
TAIL = '\nif __name__ == "__main__":\n    {name}()\n'
GOAL = 5.0
"""How much faster than Metaflow alone a flow is to be."""


def linear_flow(steps: int) -> str:
    """So many steps in a row, each of which changes an artifact."""
    names = ["start", *(f"step_{number}" for number in range(1, steps - 1)), "end"]
    bodies = ["        self.count = 0\n", *["        self.count += 1\n"] * (steps - 1)]
    follows = [f"        self.next(self.{name})\n" for name in names[1:]] + [""]
    made = [
        STEP.format(name=name, inputs="", body=body + after)
        for name, body, after in zip(names, bodies, follows, strict=True)
    ]
    return HEAD.format(name="LinearFlow") + "".join(made) + TAIL.format(name="LinearFlow")


def wide_flow(items: int) -> str:
    """A foreach over so many items, and their join."""
    start = f"        self.items = list(range({items}))\n        self.next(self.work, foreach='items')\n"
    bodies = {
        "start": start,
        "work": "        self.square = self.input**2\n        self.next(self.join)\n",
        "join": "        self.total = sum(one.square for one in inputs)\n        self.next(self.end)\n",
        "end": "        pass\n",
    }
    made = [STEP.format(name=name, inputs=", inputs" * (name == "join"), body=body) for name, body in bodies.items()]
    return HEAD.format(name="WideFlow") + "".join(made) + TAIL.format(name="WideFlow")


@dataclass(slots=True)
class Flows:
    """The two flows, where skafd has them and where Metaflow alone has."""

    daemon: RealDaemon
    ours: Path
    theirs: Path
    python: Path
    environment: dict[str, str]
    seconds: dict[tuple[str, str], list[float]] = field(default_factory=dict)
    """Of each round, by flow and by who ran it."""
    runs: dict[str, list[Json]] = field(default_factory=dict)

    @classmethod
    def deploy(cls, daemon: RealDaemon, steps: int, items: int) -> Flows:
        """Writes and deploys them, which makes their environment."""
        environment = {**os.environ, "METAFLOW_USER": "bench", "METAFLOW_DEFAULT_METADATA": "local"}
        ours, theirs = daemon.folder / "projects" / "flows", daemon.folder / "native"
        for folder in (ours, theirs):
            (folder / ".metaflow").mkdir(parents=True)
            (folder / "linear.py").write_text(linear_flow(steps))
            (folder / "wide.py").write_text(wide_flow(items))
        (ours / "requirements.txt").write_text("metaflow\n")
        cold = {"env": {"SKAFD_METAFLOW_COLD": "1"}}
        jobs = [_job("linear"), _job("wide"), {**_job("linear"), "name": "cold", **cold}]
        (ours / "metis.config.yml").write_text(json.dumps({"name": "flows", "jobs": jobs}))
        daemon.hand_over(ours)
        (python,) = daemon.folder.glob("state/environments/*/bin/python")
        return cls(daemon, ours, theirs, python, environment)

    def by_skafd(self, flow: str) -> None:
        """One run, as its user sees it: from the command to its return."""
        run = self._measure(flow, "skafd", lambda: self.daemon.run(f"flows/{flow}"))
        self.runs.setdefault(flow, []).append(self.daemon.shown(run))

    def by_metaflow(self, flow: str) -> None:
        """One run by Metaflow's own runtime, with as many workers as there are cpus."""
        workers = str(os.cpu_count() or 1)
        options = ("--max-workers", workers, "--max-num-splits", "100000")
        command = [str(self.python), f"{flow}.py", "--no-pylint", "run", *options]
        self._measure(flow, "metaflow", lambda: self._execute(command))

    def processor_milliseconds(self, flow: str, start: str) -> float:
        """The median of the steps that were started so."""
        found = [
            attempt["cpu_seconds"] * 1000
            for run in self.runs[flow]
            for task in run["tasks"]
            for attempt in task["attempts"]
            if attempt["start"].startswith(start) and attempt["cpu_seconds"] is not None
        ]
        return float(statistics.median(found))

    def median_seconds(self, flow: str, who: str) -> float:
        """Of the rounds."""
        return statistics.median(self.seconds[flow, who])

    def _execute(self, command: list[str]) -> str:
        done = subprocess.run(
            command, cwd=self.theirs, env=self.environment, capture_output=True, text=True, check=False
        )
        if done.returncode:
            raise RuntimeError(f"`{' '.join(command)}` ended with {done.returncode}:\n{done.stdout}{done.stderr}")
        return done.stdout

    def _measure(self, flow: str, who: str, run: Callable[[], str]) -> str:
        began = time.monotonic()
        found = run()
        self.seconds.setdefault((flow, who), []).append(time.monotonic() - began)
        return found


def _job(name: str) -> Json:
    return {"name": name, "type": "metaflow", "entrypoint": f"{name}.py", "on_deploy": "wait"}


def measure(arguments: argparse.Namespace) -> Json:
    """The figures as they are printed."""
    with running_empty() as daemon:
        flows = Flows.deploy(daemon, arguments.steps, arguments.items)
        load = os.getloadavg()[0]
        for number in range(1, arguments.rounds + 1):
            for flow in ("linear", "wide"):
                flows.by_metaflow(flow)
                flows.by_skafd(flow)
            print(f"round {number} of {arguments.rounds}", file=sys.stderr)
        flows.by_skafd("cold")
        found: dict[str, Any] = {"cpus": os.cpu_count(), "load": round(load, 1), "rounds": arguments.rounds}
        for flow in ("linear", "wide"):
            seconds = {who: flows.median_seconds(flow, who) for who in ("skafd", "metaflow")}
            ratio = round(seconds["metaflow"] / seconds["skafd"], 2)
            found[flow] = {**{who: round(value, 2) for who, value in seconds.items()}, "times_faster": ratio}
        found["warm_step_cpu_ms"] = round(flows.processor_milliseconds("wide", "warm"), 1)
        found["cold_step_cpu_ms"] = round(flows.processor_milliseconds("cold", "cold"), 1)
        return found


def print_table(found: Json, arguments: argparse.Namespace) -> None:
    """Prints the figures for people."""
    print(f"{found['cpus']} cpus, load {found['load']} at the beginning, {found['rounds']} rounds, goal {GOAL:g} x")
    print(f"{'':24}{'skafd':>12}{'metaflow':>12}{'ratio':>10}")
    titles = {"linear": f"{arguments.steps} steps in a row", "wide": f"foreach of {arguments.items}"}
    for flow, title in titles.items():
        one = found[flow]
        seconds = f"{one['skafd']:.2f} s", f"{one['metaflow']:.2f} s"
        print(f"{title:24}{seconds[0]:>12}{seconds[1]:>12}{one['times_faster']:>9} x")
    print(f"cpu of a step: {found['warm_step_cpu_ms']} ms warm, {found['cold_step_cpu_ms']} ms cold")


def main() -> None:
    """Measures and prints."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=2)
    parser.add_argument("--steps", type=int, default=50, help="of the flow of steps in a row")
    parser.add_argument("--items", type=int, default=200, help="of the foreach")
    parser.add_argument("--json", action="store_true", help="print the figures as JSON")
    arguments = parser.parse_args()
    found = measure(arguments)
    if arguments.json:
        print(json.dumps(found, indent=2))
    else:
        print_table(found, arguments)


if __name__ == "__main__":
    main()
