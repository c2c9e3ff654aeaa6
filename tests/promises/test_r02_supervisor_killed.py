"""R2: `kill -9` of a supervisor: its job is ended as a tree, the attempt is lost with that cause, its place is free.

How soon is bounded here only by the patience of a test; `make torture` prints what it measures.
"""

from __future__ import annotations

import json
import os
import signal
from pathlib import Path

from tests.support.tortured import Tortured, scaled

KILLS = scaled(6, 20)
"""At once."""
ROUNDS = scaled(1, 10)
TREE = """\
import os, sys, time
for _ in range(2):
    if os.fork() == 0:
        os.setsid()
        time.sleep(600)
time.sleep(600)
"""
JOBS = "  - {name: tree, entrypoint: tree.py, on_deploy: wait, parallelism: %d}\n"


def test_its_job_is_ended_as_a_tree_and_the_rest_goes_on(tortured: Tortured) -> None:
    tortured.deploy(tortured.write("trees", JOBS % (KILLS + 1), {"tree.py": TREE}))
    for _ in range(ROUNDS):
        _kill_all_but_one(tortured, tortured.run("trees"))


def _kill_all_but_one(tortured: Tortured, run: str) -> None:
    tortured.wait_for("all jobs to run", lambda: _states(tortured, run) == ["running"] * (KILLS + 1))
    victims = tortured.supervisors()[:KILLS]
    for victim in victims:
        os.kill(victim, signal.SIGKILL)
    tortured.wait_for("the victims to be lost", lambda: _states(tortured, run).count("lost") == KILLS)
    assert _states(tortured, run).count("running") == 1, "the others go on"
    for task in tortured.client.run(run)["tasks"]:
        (attempt,) = task["attempts"]
        claim = json.loads(Path(attempt["folder"], "claim").read_text())
        is_victim = claim["supervisor_pid"] in victims
        assert (task["state"] == "lost") == is_victim
        assert not is_victim or "supervisor was killed" in attempt["outcome"]
        assert all(Path(folder).exists() != is_victim for folder in claim["cgroup"]["folders"].values())
    tortured.client.kill(run)
    tortured.ended(run)


def _states(tortured: Tortured, run: str) -> list[str]:
    return [task["state"] for task in tortured.client.run(run)["tasks"]]
