"""A story that makes a daemon do everything it does, and the state in which it leaves what a user can see.

It has chapters, each of which can be told alone.
"""

from __future__ import annotations

import copy
import hashlib
import os
import signal
from collections.abc import Callable, Iterable, Iterator
from enum import StrEnum
from pathlib import Path
from typing import Any

from skafd.errors import DaemonUnreachable, SkafdError
from tests.support.tortured import Tortured

SCRIPT = """\
import os, sys
ledger = os.open(os.environ["LEDGER"], os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
os.write(ledger, f"{os.environ['SKAFD_TASK']} {os.environ['SKAFD_ATTEMPT']}\\n".encode()); os.fsync(ledger)
for number in range(20): print("line", number)
codes = sys.argv[1].split(",")
sys.exit(int(codes[min(int(os.environ["SKAFD_ATTEMPT"]), len(codes)) - 1]))
"""
JOBS = """\
  - {name: first, entrypoint: job.py 0, on_deploy: wait, retry: {times: 3}}
  - {name: flaky, entrypoint: "job.py 1,0", dependencies: [first], retry: {times: 3, delay: 1s}}
  - {name: fails, entrypoint: job.py 1, dependencies: [first], retry: {times: 2}}
  - {name: never, entrypoint: job.py 0, dependencies: [fails]}
"""
LONG = "  - {name: wait, entrypoint: sleep 600, on_deploy: wait}\n"
NOTHING = "  - {name: bare, entrypoint: 'true', on_deploy: wait, retry: {times: 3}}\n"
CALLED = "  - {name: call, entrypoint: job.py 0, on: [{event: ready}, {webhook: orders}], retry: {times: 3}}\n"
TIMED = "  - {name: yearly, entrypoint: job.py 0, schedule: 0 3 1-3 1 *, retry: {times: 3}}\n"


KEEPS = "  - {name: keep, entrypoint: keep.py, on_deploy: wait, outputs: out.txt, retry: {times: 3}}\n"
KEEP_SCRIPT = """\
import os
from skafossdk import *
ska = Skafos()
ledger = os.open(os.environ["LEDGER"], os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
os.write(ledger, f"{os.environ['SKAFD_TASK']} {os.environ['SKAFD_ATTEMPT']}\\n".encode()); os.fsync(ledger)
ska.report("loss", 0.5)
ska.artifacts.save("value", [1, 2, 3])
ska.engine.save_model("tree", b"the tree").result()
open("out.txt", "w").write("written")
"""


MOST_REFUSALS = 500
Step = Callable[[], Any]


class Chapter(StrEnum):
    """What can be told alone."""

    RUNS = "runs"
    ENDS = "ends"
    RELEASES = "releases"
    LOSSES = "losses"
    TIMES = "times"
    KEPT = "kept"


PROJECTS = {
    Chapter.RUNS: ("main",),
    Chapter.ENDS: ("long",),
    Chapter.RELEASES: ("fresh",),
    Chapter.LOSSES: ("gone",),
    Chapter.TIMES: ("timed", "called"),
    Chapter.KEPT: ("kept",),
}


class Story:
    """Everything that a daemon does, step by step; a step that was interrupted is told again until it is done."""

    def __init__(self, machine: Tortured, environment: dict[str, str]) -> None:
        self.machine = machine
        self.environment = environment
        self.ledger = machine.root / "ledger"
        self.refusals: list[str] = []
        """What the daemon said when it could not do what was asked."""

    def tell(self, chapters: Iterable[Chapter] = tuple(Chapter)) -> None:
        for chapter in chapters:
            for step in getattr(self, f"_{chapter}")():
                self.insist(step)

    def insist(self, step: Step) -> Any:
        """Until it is done; what is refused so often always will be, however long each refusal takes."""
        refused_before = len(self.refusals)
        while True:
            if self.machine.has_ended():
                self.machine.come_back(self.environment)
            try:
                return step()
            except DaemonUnreachable:
                assert self.machine.wait_for_end() == -signal.SIGKILL
            except SkafdError as error:
                assert len(self.refusals) < refused_before + MOST_REFUSALS, f"refused again and again: {error.message}"
                self.refusals.append(error.message)

    def _runs(self) -> Iterator[Step]:
        yield lambda: self.deploy("main", JOBS)
        yield lambda: self.machine.client.set_variable("main", "KEY", "value")
        yield lambda: self.run("main", 1)
        yield lambda: self.machine.ended("main/1")
        yield self.run_again
        yield lambda: self.machine.ended("main/2")

    def _ends(self) -> Iterator[Step]:
        yield lambda: self.deploy("long", LONG)
        yield lambda: self.run("long", 1)
        yield lambda: self.task_runs("long/1")
        yield lambda: self.end("long/1")
        yield lambda: self.machine.ended("long/1")
        yield lambda: self.machine.client.start_service("data")
        yield lambda: self.machine.client.stop_service("data")
        yield self.make_data_token
        yield lambda: self.run("long", 2)
        yield lambda: self.task_runs("long/2")
        yield self.kill_supervisor
        yield lambda: self.machine.ended("long/2")

    def _releases(self) -> Iterator[Step]:
        yield lambda: self.deploy("fresh", JOBS)
        yield lambda: self.deploy("fresh", "  - {name: first, entrypoint: nowhere.py}\n", is_good=False)
        yield lambda: self.deploy("fresh", JOBS + NOTHING)
        yield lambda: self.deploy("fresh", JOBS + NOTHING)
        yield self.machine.stop
        yield self.roll_back
        yield self.deploy_parent
        yield lambda: self.deploy("left", NOTHING)
        yield self.take_off_the_list

    def _losses(self) -> Iterator[Step]:
        yield lambda: self.deploy("gone", NOTHING)
        yield self.lose_snapshot
        yield lambda: self.run("gone", 1)
        yield lambda: self.machine.ended("gone/1")

    def _times(self) -> Iterator[Step]:
        client = self.machine.client
        yield lambda: self.deploy("timed", TIMED)
        yield lambda: client.pause("timed")
        yield self.backfill
        yield lambda: self.machine.wait_for("the backfill", lambda: client.backfills()[0]["state"] == "succeeded")
        yield self.resume
        yield lambda: self.deploy("called", CALLED)
        yield lambda: client.publish("ready", {"rows": "1"}, "once")
        yield self.make_token
        yield lambda: self.machine.ended("called/1")

    def _kept(self) -> Iterator[Step]:
        yield lambda: self.deploy("kept", KEEPS)
        yield lambda: self.run("kept", 1)
        yield lambda: self.machine.ended("kept/1")
        yield self.promote

    def make_data_token(self) -> None:
        if not self.machine.client.data_tokens("long"):
            self.machine.client.create_data_token("long")

    def deploy(self, name: str, jobs: str, is_good: bool = True) -> None:
        head = f"env: {{LEDGER: {self.ledger}}}\n"
        folder = self.machine.write(name, jobs, {"job.py": SCRIPT, "keep.py": KEEP_SCRIPT}, head)
        self.hand_over(folder, is_good)

    def hand_over(self, folder: Path, is_good: bool = True) -> None:
        """Raises SkafdError when it was not to be refused, so that it is tried again."""
        for result in self.machine.client.up([folder]):
            if is_good != (result["outcome"] in ("deployed", "unchanged")):
                raise SkafdError(result["text"])

    def deploy_parent(self) -> None:
        """A folder that holds a project is watched for more of them."""
        parent = self.machine.root / "parent"
        parent.mkdir(exist_ok=True)
        self.machine.write("parent/child", NOTHING)
        self.hand_over(parent)

    def run(self, project: str, number: int) -> None:
        """Unless an earlier telling has done it already."""
        if len(self.machine.client.runs(project)) < number:
            self.machine.run(project)

    def run_again(self) -> None:
        """What failed in the first run, in a second one."""
        if len(self.machine.client.runs("main")) < 2:
            self.machine.client.again("main/1")

    def task_runs(self, run: str) -> None:
        """One that is lost to a crash of its supervisor will never run."""
        self.machine.wait_for(f"{run} to run", lambda: self.state(run) not in ("waiting", "queued", "starting"))

    def state(self, run: str) -> str:
        (task,) = self.machine.client.run(run)["tasks"]
        return str(task["state"])

    def end(self, run: str) -> None:
        if self.state(run) == "running":
            self.machine.client.kill(run)

    def kill_supervisor(self) -> None:
        for supervisor in self.machine.supervisors():
            os.kill(supervisor, signal.SIGKILL)

    def roll_back(self) -> None:
        live = next(one["number"] for one in self.machine.client.deployments("fresh") if one["live"])
        if live != 1:
            self.machine.client.rollback("fresh", 1)

    def take_off_the_list(self) -> None:
        if "left" in _listed(self.machine):
            self.machine.client.forget("left")

    def backfill(self) -> None:
        if not self.machine.client.backfills():
            request = {"job": "yearly", "first": "2020-01-01", "last": "2020-01-31", "parallel": 1}
            self.machine.client.backfill("timed", request)

    def make_token(self) -> None:
        if not self.machine.client.webhook_tokens("called"):
            self.machine.client.create_webhook_token("called", "orders")

    def promote(self) -> None:
        (model,) = self.machine.client.models("kept", "tree")
        self.machine.client.tag_model("kept", "tree", model["version"], "good", only=True)

    def resume(self) -> None:
        if self.machine.client.project("timed")["jobs"][0]["paused"]:
            self.machine.client.resume("timed")

    def lose_snapshot(self) -> None:
        for snapshot in (self.machine.home.deployments / "gone").iterdir():
            if not snapshot.name.endswith("-lost"):
                snapshot.rename(snapshot.with_name(f"{snapshot.name}-lost"))


def final_state(machine: Tortured, chapters: Iterable[Chapter] = tuple(Chapter)) -> dict[str, Any]:
    """What a user can see in the end of these, without what differs from one undisturbed run to the next."""
    client, found = machine.client, {}
    for project in (project for chapter in chapters for project in PROJECTS[chapter]):
        status = client.project(project)
        found[project] = {
            "live": status["deployment"]["number"],
            "deployments": [one["number"] for one in client.deployments(project)],
            "problem": status["problem"],
            "variables": client.variables(project, show=True),
            "runs": {run["run"]: _run(client.run(run["run"])) for run in client.runs(project)},
        }
    if "fresh" in found:
        found["fresh"]["left_is_listed"] = "left" in _listed(machine)
    if "kept" in found:
        found["kept"] |= _kept(machine)
    return found


def _listed(machine: Tortured) -> set[str]:
    return {one["project"] for one in machine.client.status()["projects"]}


def _kept(machine: Tortured) -> dict[str, Any]:
    kept = machine.client.kept("kept/1")
    series = machine.client.series("kept", "loss")
    return {
        "artifacts": [(one["name"], one["size_bytes"], one["sha256"]) for one in kept["artifacts"]],
        "models": [(one["name"], one["sha256"], one["tags"]) for one in kept["models"]],
        "loss": [point["y"] for one in series for point in one["points"]],
    }


def _run(detail: dict[str, Any]) -> dict[str, Any]:
    tasks = {task["task"]: (task["state"], [_attempt(one) for one in task["attempts"]]) for task in detail["tasks"]}
    return {"state": detail["summary"]["state"], "cause": detail["summary"]["cause"], "tasks": tasks}


def _attempt(attempt: dict[str, Any]) -> tuple[Any, ...]:
    log = Path(attempt["folder"]) / "log"
    content = log.read_bytes() if log.exists() else b""
    return attempt["state"], attempt["exit_code"], len(content), hashlib.sha256(content).hexdigest()[:8]


def without_lost(state: dict[str, Any]) -> dict[str, Any]:
    """The state without the attempts that were lost with their supervisors: their tasks were tried again."""
    found = copy.deepcopy(state)
    for run in (run for project in found.values() for run in project["runs"].values()):
        for name, (end, attempts) in run["tasks"].items():
            run["tasks"][name] = (end, [one for one in attempts if one[0] != "lost"])
    return found
