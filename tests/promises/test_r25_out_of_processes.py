"""R25: where the machine has no process and no thread left, nothing is lost and no `retry` is used up: what is new
waits, and says for what; what has ended is kept and told when there is room again.
"""

from __future__ import annotations

import json
import os
import signal
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.support.tortured import Tortured

pytestmark = [
    pytest.mark.needs_root,
    pytest.mark.skipif(os.geteuid() != 0, reason="only root can take processes away: run the tests as root"),
]

JOBS = """\
  - {name: kept, entrypoint: sh kept.sh, on_deploy: wait, outputs: [made.txt]}
  - {name: doomed, entrypoint: sleep 600, on_deploy: wait}
  - {name: often, entrypoint: "true", schedule: every 1 second, on_deploy: wait}
  - {name: each, entrypoint: "true", foreach: {glob: "*.csv"}, schedule: every 1 second, on_deploy: wait}
"""
KEPT = "until [ -e %s ]; do sleep 0.02; done\necho made > made.txt\n"
NO_PROCESS = "it is tried again when there is room: could not start: there is no process for its supervisor"
HIERARCHY = Path("/sys/fs/cgroup/pids")


class Group:
    """Of a daemon and its launcher, for which it can be made too small."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        folder.mkdir()

    def take(self, *pids: int) -> None:
        for pid in pids:
            (self._folder / "cgroup.procs").write_text(str(pid))

    def allow(self, count: str) -> None:
        (self._folder / "pids.max").write_text(count)

    def remove(self) -> None:
        self.allow("max")
        for pid in (self._folder / "cgroup.procs").read_text().split():
            (HIERARCHY / "cgroup.procs").write_text(pid)
        self._folder.rmdir()


@pytest.fixture
def group() -> Iterator[Group]:
    if not (HIERARCHY / "cgroup.procs").exists():
        pytest.skip("A MACHINE OUT OF PROCESSES IS NOT TESTED HERE: there is no hierarchy of pids of cgroup v1")
    made = Group(HIERARCHY / f"skafd-few-{os.getpid()}")
    yield made
    made.remove()


def test_it_loses_nothing_and_goes_on_by_itself(tortured: Tortured, group: Group) -> None:
    gate = tortured.root / "gate"
    folder = tortured.write("few", JOBS, {"kept.sh": KEPT % gate, "a.csv": "", "b.csv": ""})
    tortured.deploy(folder)
    doomed, kept = tortured.run("few", "doomed"), tortured.run("few", "kept")
    tortured.wait_for("both to run", lambda: _states(tortured, doomed, kept) == ["running", "running"])
    launcher = tortured.launcher()
    assert launcher is not None
    group.take(tortured.pid, launcher)
    group.allow("1")
    gate.touch()
    (folder / "c.csv").touch()
    os.kill(_supervisor(tortured, doomed), signal.SIGKILL)
    tortured.wait_for("an attempt to find no process", lambda: _waiting(tortured))
    tortured.wait_for("the save to find none", lambda: "no process for skafd-deploy" in tortured.last_words())
    assert _states(tortured, doomed, kept) == ["running", "running"], "nobody could look after their ends"
    group.allow("max")
    assert [_how(task) for task in tortured.ended(kept)["tasks"]] == [("succeeded", 1)]
    assert [_how(task) for task in tortured.ended(doomed)["tasks"]] == [("lost", 1)]
    tortured.wait_for("the save to be live", lambda: len(tortured.client.deployments("few")) == 2)
    tortured.wait_for("those that waited to run", lambda: not _waiting(tortured))
    tortured.client.pause("few")
    others = [tortured.ended(run["run"]) for run in tortured.client.runs("few") if run["run"] not in (kept, doomed)]
    assert {run["summary"]["state"] for run in others} == {"succeeded"}
    assert {job for run in others for job in (task["job"] for task in run["tasks"])} == {"often", "each"}
    assert max(len(task["attempts"]) for run in others for task in run["tasks"]) > 1, "those that waited had more"


def _tasks(tortured: Tortured, run: str) -> list[dict[str, Any]]:
    return list(tortured.client.run(run)["tasks"])


def _states(tortured: Tortured, *runs: str) -> list[str]:
    return [task["state"] for run in runs for task in _tasks(tortured, run)]


def _supervisor(tortured: Tortured, run: str) -> int:
    (task,) = _tasks(tortured, run)
    claim = Path(task["attempts"][-1]["folder"], "claim").read_text()
    return int(json.loads(claim)["supervisor_pid"])


def _how(task: dict[str, Any]) -> tuple[str, int]:
    return task["state"], len(task["attempts"])


def _waiting(tortured: Tortured) -> bool:
    """Somebody is told that something waits until there is a process for it."""
    tasks = [task for run in tortured.client.runs("few") for task in _tasks(tortured, run["run"])]
    return any(NO_PROCESS in task["why"] and task["state"] == "waiting" for task in tasks)
