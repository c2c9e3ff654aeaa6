"""Whatever is killed, at whatever moment: the run ends, each job ran once, and its log is whole."""

from __future__ import annotations

import json
import os
import random
import signal
import subprocess
import sys
import time
from collections import Counter
from pathlib import Path

import psutil

from skafd.home import ALREADY_RUNNING_EXIT_CODE
from tests.support.installed import Installed

LEDGER_JOB = """\
import os, sys, time
ledger = os.environ["LEDGER"]
def note(word):
    line = f"{os.environ['SKAFD_TASK']} {os.environ['SKAFD_ATTEMPT']} {word}\\n"
    file = os.open(ledger, os.O_WRONLY | os.O_APPEND | os.O_CREAT)
    os.write(file, line.encode()); os.fsync(file); os.close(file)
note("start")
for number in range(40):
    print("line", number)
    time.sleep(0.03)
while os.path.exists(ledger + ".hold"):
    time.sleep(0.03)
note("end")
"""


def _chain(installed: Installed, ledger: Path) -> Path:
    jobs = "".join(
        f"  - name: {name}\n    entrypoint: job.py\n    on_deploy: wait\n    dependencies: [{dependencies}]\n"
        for name, dependencies in (("ingest", ""), ("train", "ingest"), ("score", "train"), ("report", "score"))
    )
    config = f"name: chain\nenv: {{LEDGER: {ledger}}}\njobs:\n{jobs}"
    return installed.write_project("chain", {"metis.config.yml": config, "job.py": LEDGER_JOB})


def _assert_each_job_ran_once(installed: Installed, ledger: Path, run: str) -> None:
    detail = installed.wait_for_run(run)
    assert detail["summary"]["state"] == "succeeded", detail
    expected = [f"{task['task']} 1 {word}" for task in detail["tasks"] for word in ("start", "end")]
    assert Counter(ledger.read_text().splitlines()) == Counter(expected)
    for task in detail["tasks"]:
        log = installed.ok("logs", task["task"], "-n", "1000")
        assert [line for line in log.splitlines() if line.startswith("line")] == [f"line {n}" for n in range(40)]


def _launcher_of(daemon: int) -> int:
    (launcher,) = [child.pid for child in psutil.Process(daemon).children() if "launcher" in " ".join(child.cmdline())]
    return launcher


def test_ten_kills_of_the_daemon_and_of_the_launcher_lose_nothing(installed: Installed) -> None:
    ledger = installed.root / "ledger"
    folder = _chain(installed, ledger)
    installed.ok("up", folder, "--detach")
    installed.ok("run", "chain")
    chance = random.Random(20181231)
    for number in range(10):
        daemon = installed.status()["daemon"]["pid"]
        victim = daemon if number % 2 else _launcher_of(daemon)
        # The moment is random, not the result: whatever it hits, nothing may be lost.
        time.sleep(chance.uniform(0.0, 0.4))
        os.kill(victim, signal.SIGKILL)
        if victim == daemon:
            installed.ok("up", "--detach")
    _assert_each_job_ran_once(installed, ledger, "chain/1")


def test_jobs_go_on_while_the_daemon_is_down(installed: Installed) -> None:
    ledger, hold = installed.root / "ledger", installed.root / "ledger.hold"
    hold.touch()
    installed.ok("up", _chain(installed, ledger), "--detach")
    installed.ok("run", "chain")
    installed.wait_for("the first job to start", ledger.exists)
    installed.ok("down")
    hold.unlink()
    installed.wait_for("the first job to end by itself", lambda: "ingest 1 end" in ledger.read_text())
    assert "train" not in ledger.read_text(), "nothing new starts without a daemon"

    installed.ok("up", "--detach")
    _assert_each_job_ran_once(installed, ledger, "chain/1")


def test_a_killed_supervisor_is_said_to_be_lost_and_its_job_is_ended(installed: Installed) -> None:
    config = "name: long\njobs:\n  - {name: wait, entrypoint: sleep 600, on_deploy: wait}\n"
    installed.ok("up", installed.write_project("long", {"metis.config.yml": config}), "--detach")
    installed.ok("run", "long")
    sleeper = installed.wait_for("the job to run", lambda: _find(installed, "sleep 600"))
    (claim,) = installed.home.glob("runs/long/1/*/1/claim")
    os.kill(json.loads(claim.read_text())["supervisor_pid"], signal.SIGKILL)
    detail = installed.wait_for_run("long/1")
    assert detail["tasks"][0]["state"] == "lost"
    assert "supervisor was killed" in detail["tasks"][0]["attempts"][0]["outcome"]
    assert not sleeper.is_running() or sleeper.status() == psutil.STATUS_ZOMBIE


def _find(installed: Installed, command: str) -> psutil.Process | None:
    for process in psutil.process_iter():
        try:
            if " ".join(process.cmdline()) == command and process.cwd().startswith(str(installed.home)):
                return process
        except (psutil.NoSuchProcess, psutil.AccessDenied, psutil.ZombieProcess):
            continue
    return None


def test_a_second_daemon_is_refused_and_told_of_the_first(installed: Installed) -> None:
    installed.ok("up", installed.copy_example("hello"), "--detach")
    pid = installed.status()["daemon"]["pid"]
    second = subprocess.run(
        [sys.executable, "-m", "skafd.daemon", "--home", str(installed.home)],
        check=False,
        capture_output=True,
        text=True,
        env=installed.environment,
    )
    assert second.returncode == ALREADY_RUNNING_EXIT_CODE
    assert f"pid {pid}" in second.stderr
    assert installed.status()["daemon"]["pid"] == pid
