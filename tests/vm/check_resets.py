"""The machine is reset by the button while runs are going, on a disk that loses what it was not told to flush.

What this proves: what skafd has shown to anybody is still so after a loss of power, as long as the disk keeps what it
was told to flush. The disk here loses every other block that was not flushed, by chance. What it does not prove:
that a real disk is honest, and what happens to one that tears a single block.
"""

from __future__ import annotations

import json
import os
from collections import Counter
from collections.abc import Iterator
from typing import Any

import pytest

from tests.vm.machine import Machine
from tests.vm.service import Service

RESETS = int(os.environ.get("VM_RESETS", "20"))
WATCHED_RUNS = 60
"""More than begin between two resets. After the last one all runs are looked at."""
ENDS = ("succeeded", "failed", "oom_killed", "timed_out", "cancelled", "lost", "skipped", "upstream_failed")
PYTHON = "/opt/skafd/bin/python"
CHAIN = """\
name: chain
run_as: root
jobs:
  - name: first
    entrypoint: quick.py
    schedule: every 10 seconds
  - name: second
    entrypoint: quick.py
    dependencies: [first]
  - name: third
    entrypoint: quick.py
    dependencies: [second]
"""
LONG = """\
name: long
run_as: root
jobs:
  - name: retried
    entrypoint: long.py
    on_deploy: wait
    retry: {times: 100, delay: 1s}
  - name: once
    entrypoint: long.py
    on_deploy: wait
"""
QUICK = "import time\ntime.sleep(0.5)\nprint('done')\n"
FOREVER = "import time\nprint('began', flush=True)\ntime.sleep(100_000)\n"


@pytest.fixture(scope="module")
def busy(machine: Machine) -> Iterator[Service]:
    """A service of the machine with a chain every ten seconds and two jobs that never end."""
    service = Service(machine, is_users=False)
    service.install()
    for name, config, file, text in (("chain", CHAIN, "quick.py", QUICK), ("long", LONG, "long.py", FOREVER)):
        machine.write(f"/srv/{name}/{file}", text)
        machine.write(f"/srv/{name}/metis.config.yml", config)
        service.skafd("up", f"/srv/{name}", "--detach")
    _watch(service)
    service.skafd("run", "long")
    _wait_until_running(service, "retried", "once")
    yield service
    # The state folder stays: whoever installs the service next would go on with them.
    service.skafd("forget", "chain")
    service.skafd("kill", "long")
    service.skafd("forget", "long")
    service.uninstall()


@pytest.mark.parametrize("number", range(1, RESETS + 1))
def test_a_hard_reset_loses_nothing_that_was_shown(busy: Service, number: int) -> None:
    machine = busy.machine
    before = _succeeded(busy)
    machine.wait_for("more runs of the chain", lambda: _succeeded(busy) >= before + 2)
    promised = len(machine.acknowledged)
    lost = machine.reset()
    promises = _last_promises(machine.acknowledged)
    _watch(busy, MOST_RUNS if number == RESETS else WATCHED_RUNS)
    integrity = machine.ok(PYTHON, "-c", INTEGRITY).split()
    assert integrity == ["ok"]
    runs = _runs(busy)
    looked_at = promises if number == RESETS else _of_shown(promises, runs)
    print(f"\nreset {number}: {lost} unflushed blocks lost, {len(looked_at)} of {len(promises)} promises looked at")
    _assert_promises_are_kept(looked_at, runs)
    _assert_each_instant_ran_once(runs)
    _wait_until_running(busy, "retried")
    retried, once = _task(_runs(busy), "retried"), _task(_runs(busy), "once")
    assert [attempt["state"] for attempt in retried["attempts"]] == ["lost"] * number + ["running"]
    assert {attempt["outcome"] for attempt in retried["attempts"][:-1]} == {"lost: the machine was restarted"}
    assert once["state"] == "lost"
    machine.wait_for("promises anew", lambda: len(machine.acknowledged) > promised)


def test_a_restart_in_good_order_is_a_loss_too_and_retried(busy: Service) -> None:
    before = len(_task(_runs(busy), "retried")["attempts"])
    busy.machine.reboot()
    _watch(busy)
    _wait_until_running(busy, "retried")
    attempts = _task(_runs(busy), "retried")["attempts"]
    assert len(attempts) == before + 1
    assert attempts[-2]["state"] == "lost", attempts[-2]


def test_an_hour_forward_and_back_makes_no_storm_and_no_hang(busy: Service) -> None:
    machine = busy.machine
    before = len(_chains(busy))
    machine.ok("date", "--set", "+1 hour")
    machine.wait_for("the next runs", lambda: len(_chains(busy)) >= before + 3)
    # The 360 instants of the hour are one run that catches up; what else there is became due meanwhile.
    assert len(_chains(busy)) <= before + 30
    before = len(_chains(busy))
    machine.ok("date", "--set", "-1 hour")
    # Each instant of the hour had its run or its row, and does not come again. What is asked for is done all the same.
    asked_for = busy.skafd("run", "chain", "--wait").split()[0]
    machine.wait_for("it to be shown", lambda: _state(busy, asked_for) == "succeeded")
    assert len(_chains(busy)) <= before + 3
    before = len(_chains(busy))
    machine.ok("date", "--set", "+1 hour")
    machine.wait_for("the next runs", lambda: len(_chains(busy)) >= before + 3)
    _assert_each_instant_ran_once(_runs(busy))


MOST_RUNS = 2000
SHOWN = "/run/skafd-watch.json"
INTEGRITY = """
import sqlite3
database = sqlite3.connect("file:/var/lib/skafd/skafd.db?mode=ro", uri=True)
print(database.execute("PRAGMA integrity_check").fetchone()[0])
"""


def _watch(service: Service, most_runs: int = WATCHED_RUNS) -> None:
    """Until the daemon answers and somebody has seen the runs; what is shown from then on is told to us."""
    watch = (PYTHON, "-u", "/payload/watch.py")
    service.machine.ok(
        "systemd-run",
        "--quiet",
        "--collect",
        "--unit=skafd-watch",
        "-E",
        "SKAFD_HOME=/var/lib/skafd",
        "-E",
        f"WATCHED_RUNS={most_runs}",
        *watch,
    )
    service.machine.wait_for("the daemon", lambda: service.machine.run("test", "-e", SHOWN).code == 0)


def _runs(service: Service) -> list[dict[str, Any]]:
    """All runs with their tasks, as they were shown last."""
    return list(json.loads(service.machine.ok("cat", SHOWN)))


def _chains(service: Service) -> list[dict[str, Any]]:
    return [run for run in _runs(service) if run["summary"]["project"] == "chain"]


def _succeeded(service: Service) -> int:
    return sum(run["summary"]["state"] == "succeeded" for run in _chains(service))


def _state(service: Service, run: str) -> str:
    return "".join(one["summary"]["state"] for one in _runs(service) if one["summary"]["run"] == run)


def _task(runs: list[dict[str, Any]], name: str) -> dict[str, Any]:
    (task,) = [
        task for run in runs for task in run["tasks"] if run["summary"]["run"] == "long/1" and task["name"] == name
    ]
    return dict(task)


def _wait_until_running(service: Service, *names: str) -> None:
    def are_running() -> bool:
        tasks = [task for run in _runs(service) for task in run["tasks"] if run["summary"]["run"] == "long/1"]
        return {*names} <= {task["name"] for task in tasks if task["state"] == "running"}

    service.machine.wait_for(f"{' and '.join(names)} to run", are_running)


def _last_promises(lines: list[str]) -> dict[str, tuple[str, int]]:
    """Task -> the state and the number of attempts that were shown last."""
    promises = {}
    for line in lines:
        words = line.split()
        if len(words) == 5 and words[-1] == ";":
            promises[words[1]] = (words[2], int(words[3]))
    return promises


def _of_shown(promises: dict[str, tuple[str, int]], runs: list[dict[str, Any]]) -> dict[str, tuple[str, int]]:
    """Without those of runs that are older than any that is shown."""
    oldest = min(int(run["summary"]["run"].split("/")[1]) for run in runs if run["summary"]["project"] == "chain")
    return {
        task: promise
        for task, promise in promises.items()
        if not task.startswith("chain/") or int(task.split("/")[1]) >= oldest
    }


def _assert_promises_are_kept(promises: dict[str, tuple[str, int]], runs: list[dict[str, Any]]) -> None:
    found = {task["task"]: task for run in runs for task in run["tasks"]}
    for name, (state, attempts) in promises.items():
        assert name in found, f"{name} was {state}; it is gone"
        task = found[name]
        assert len(task["attempts"]) >= attempts, f"{name} had {attempts} attempts: {task}"
        if state in ENDS:
            assert task["state"] == state, f"{name} was {state}: {task}"


def _assert_each_instant_ran_once(runs: list[dict[str, Any]]) -> None:
    instants = Counter(
        run["summary"]["instant"] for run in runs if run["summary"]["cause"] == "schedule" and run["summary"]["instant"]
    )
    assert [instant for instant, count in instants.items() if count > 1] == []
