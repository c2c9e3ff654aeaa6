"""R13: "database is locked" is never seen by a user: not by those who read while runs are written, nor in any log."""

from __future__ import annotations

import subprocess
import sys
import threading
from pathlib import Path

from skafd.errors import SkafdError
from tests.support.tortured import Tortured, scaled

READERS = scaled(3, 50)
DASHBOARDS = scaled(6, 20)
RUNS = scaled(12, 200)
SKAFD = Path(sys.executable).with_name("skafd")
COMMANDS = (["status"], ["runs", "--json"], ["show", "quick/1"], ["logs", "quick"], ["deployments", "quick"])
JOBS = "".join(f"  - {{name: j{number}, entrypoint: 'echo {number}', on_deploy: wait}}\n" for number in range(4))


def test_readers_never_meet_a_lock(tortured: Tortured) -> None:
    tortured.deploy(tortured.write("quick", JOBS))
    tortured.ended(tortured.run("quick"))
    over = threading.Event()
    said: list[str] = []
    threads = [threading.Thread(target=_use_commands, args=(tortured, over, said)) for _ in range(READERS)]
    threads += [threading.Thread(target=_look, args=(tortured, over, said)) for _ in range(DASHBOARDS)]
    for thread in threads:
        thread.start()
    try:
        for run in [tortured.run("quick") for _ in range(RUNS)]:
            assert tortured.ended(run)["summary"]["state"] == "succeeded"
    finally:
        over.set()
        for thread in threads:
            thread.join()
    assert said, "somebody has read"
    assert [text for text in said if "locked" in text or "Traceback" in text] == []
    assert "locked" not in (tortured.home.logs / "daemon.log").read_text()


def _use_commands(tortured: Tortured, over: threading.Event, said: list[str]) -> None:
    while not over.is_set():
        for command in COMMANDS:
            environment = {**tortured.environment, "SKAFD_HOME": str(tortured.home.path)}
            # So many of them would starve what else is tested meanwhile.
            politely = ["nice", SKAFD, *command]
            done = subprocess.run(politely, capture_output=True, text=True, check=False, env=environment)
            said.append(done.stdout + done.stderr + ("" if done.returncode == 0 else f" Traceback {command}"))


def _look(tortured: Tortured, over: threading.Event, said: list[str]) -> None:
    """As a dashboard does: everything, at every change."""
    number = -1
    while not over.is_set():
        try:
            number = tortured.client.changes(after=number, seconds=0.5)
            said.append(str(tortured.client.status()))
        except SkafdError as error:
            said.append(f"Traceback {error.message}")
