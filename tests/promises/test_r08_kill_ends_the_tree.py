"""R8: a kill ends the whole tree after the grace time, whatever it did to escape; nothing survives."""

from __future__ import annotations

import os

import pytest

from skafd.torture.ledger import processes_of
from tests.support.tortured import Tortured

pytestmark = [
    pytest.mark.needs_root,
    pytest.mark.skipif(os.geteuid() != 0, reason="only a control group holds every escaper: run the tests as root"),
]

HEAD = "import os, signal, subprocess, sys, time\n"
ESCAPERS = {
    "session": "os.setsid() if os.fork() == 0 else None\ntime.sleep(600)\n",
    "twice": "if os.fork() == 0:\n    os.setsid()\n    os.fork()\ntime.sleep(600)\n",
    "nohup": "subprocess.Popen('nohup env -i sleep 600 &', shell=True)\ntime.sleep(600)\n",
    "deaf": "signal.signal(signal.SIGTERM, signal.SIG_IGN)\nos.fork()\ntime.sleep(600)\n",
    "stopped": "os.fork()\nos.kill(os.getpid(), signal.SIGSTOP)\ntime.sleep(600)\n",
    "hydra": "while True:\n    os.fork() or time.sleep(0.05) or os._exit(0)\n    time.sleep(0.01)\n",
    "bomb": "for _ in range(300):\n    os.fork() or time.sleep(600)\ntime.sleep(600)\n",
}


def test_no_escaper_survives(tortured: Tortured) -> None:
    jobs = "".join(f"  - {{name: {name}, entrypoint: {name}.py, on_deploy: wait}}\n" for name in ESCAPERS)
    files = {f"{name}.py": HEAD + script for name, script in ESCAPERS.items()}
    tortured.deploy(tortured.write("escape", jobs, files))
    run = tortured.run("escape")
    tortured.wait_for(
        "all escapers to run",
        lambda: {task["state"] for task in tortured.client.run(run)["tasks"]} == {"running"},
    )
    tortured.client.kill(run)
    detail = tortured.ended(run)
    assert {task["state"] for task in detail["tasks"]} == {"cancelled"}
    runs = str(tortured.home.runs)
    left = [line for pid, line in processes_of(tortured.home.path) if os.readlink(f"/proc/{pid}/cwd").startswith(runs)]  # noqa: PTH115
    assert left == []
