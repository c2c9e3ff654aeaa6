"""Limits hold, and what went against them is said with its evidence. Real cgroups, through the installed command."""

from __future__ import annotations

import os
from collections.abc import Iterator

import psutil
import pytest

from tests.support.installed import Installed

pytestmark = [
    pytest.mark.needs_root,
    pytest.mark.skipif(os.geteuid() != 0, reason="cgroups are written by root only: run the tests as root"),
]

BURNER = """\
import os, time
began = time.monotonic()
while time.monotonic() - began < 4:
    pass
print("used", time.process_time() / (time.monotonic() - began))
"""

ESCAPER = """\
import os, sys, time
if os.fork() == 0:
    os.setsid()
    if os.fork() == 0:
        open(os.environ["MARK"], "w").write(str(os.getpid()))
        time.sleep(600)
    os._exit(0)
time.sleep(600)
"""


@pytest.fixture(scope="module")
def installed() -> Iterator[Installed]:
    """One daemon for all tests: their projects do not get in each other's way."""
    with Installed() as shared:
        yield shared


def _project(installed: Installed, name: str, script: str, job: str) -> None:
    config = f"name: {name}\nenv: {{MARK: {installed.root}/mark}}\njobs:\n  - name: it\n    entrypoint: it.py\n{job}"
    folder = installed.write_project(name, {"metis.config.yml": config, "it.py": script})
    installed.ok("up", folder, "--detach")


def test_two_hundred_megabytes_in_a_limit_of_64_are_an_out_of_memory_kill(installed: Installed) -> None:
    script = "keep = [b'x' * (1 << 20) for _ in range(200)]\nprint('nothing stopped it')\n"
    _project(installed, "hungry", script, "    on_deploy: wait\n    resources: {limits: {memory: 64Mi}}\n")
    done = installed.command("run", "hungry", "--wait")
    assert done.returncode == 1
    (task,) = installed.show("hungry/1")["tasks"]
    assert task["state"] == "oom_killed"
    evidence = task["attempts"][0]["evidence"]
    assert evidence["limit_bytes"] == 64 * 2**20
    assert 60 * 2**20 <= evidence["peak_bytes"] <= 64 * 2**20
    shown = installed.ok("show", "hungry/1")
    assert "limit 64Mi" in shown
    assert "try memory:" in shown


def test_the_limit_to_try_is_that_of_all_its_attempts(installed: Installed) -> None:
    script = "keep = [b'x' * (1 << 20) for _ in range(200)]\nprint('nothing stopped it')\n"
    _project(installed, "shrunk", script, "    on_deploy: wait\n    resources: {limits: {memory: 400Mi}}\n")
    installed.ok("run", "shrunk", "--wait")
    _project(installed, "shrunk", script, "    on_deploy: wait\n    resources: {limits: {memory: 64Mi}}\n")
    installed.command("run", "shrunk", "--wait")
    (task,) = installed.show("shrunk/2")["tasks"]
    evidence = task["attempts"][0]["evidence"]
    assert 200 * 2**20 <= evidence["earlier_peak_bytes"] <= 400 * 2**20
    assert evidence["suggested_limit_bytes"] >= 300 * 2**20
    for said in (installed.ok("show", "shrunk/2"), installed.ok("why", "shrunk/2/it")):
        words = " ".join(said.split())
        assert "earlier attempts took up to 2" in words
        assert "try memory: 3" in words


def test_a_kill_from_outside_is_never_called_out_of_memory(installed: Installed) -> None:
    script = "import os, signal\nos.kill(os.getpid(), signal.SIGKILL)\n"
    _project(installed, "shot", script, "    on_deploy: wait\n    resources: {limits: {memory: 64Mi}}\n")
    installed.command("run", "shot", "--wait")
    (task,) = installed.show("shot/1")["tasks"]
    assert task["state"] == "failed"
    assert "SIGKILL" in task["attempts"][0]["outcome"]


def test_half_a_core_is_half_a_core(installed: Installed) -> None:
    _project(installed, "burner", BURNER, "    on_deploy: wait\n    resources: {limits: {cpu: 0.5}}\n")
    installed.ok("run", "burner", "--wait")
    (line,) = installed.ok("logs", "burner").splitlines()
    # The kernel never gives more than the quota; a busy machine may give less, which says nothing about the limit.
    assert float(line.split()[1]) <= 0.55


def test_what_forks_away_twice_is_ended_with_its_job(installed: Installed) -> None:
    _project(installed, "escaper", ESCAPER, "    on_deploy: wait\n")
    installed.ok("run", "escaper")
    mark = installed.root / "mark"
    pid = int(installed.wait_for("the grandchild", lambda: mark.exists() and mark.read_text()))
    grandchild = psutil.Process(pid)
    installed.ok("kill", "escaper/1")
    detail = installed.wait_for_run("escaper/1")
    assert detail["summary"]["state"] == "cancelled"
    assert not grandchild.is_running()


def test_declared_memory_never_exceeds_the_machine(installed: Installed) -> None:
    """Two jobs that each want most of the memory run one after the other."""
    most = int(psutil.virtual_memory().total * 0.6)
    jobs = "".join(
        f"  - {{name: {name}, entrypoint: it.py, on_deploy: wait, resources: {{requests: {{memory: {most}}}}}}}\n"
        for name in ("one", "two")
    )
    script = "import time\nprint(time.time())\ntime.sleep(1)\nprint(time.time())\n"
    folder = installed.write_project("greedy", {"metis.config.yml": f"name: greedy\njobs:\n{jobs}", "it.py": script})
    installed.ok("up", folder, "--detach")
    installed.ok("run", "greedy", "--wait")
    spans = sorted(
        [float(line) for line in installed.ok("logs", f"greedy/1/{name}").splitlines()] for name in ("one", "two")
    )
    assert spans[0][1] <= spans[1][0]
