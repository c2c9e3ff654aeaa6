"""R10: out of memory is named at every kill by the limit, and never without the kernel's evidence."""

from __future__ import annotations

import os
import signal
from pathlib import Path

import pytest

from tests.support.tortured import Tortured, scaled

pytestmark = [
    pytest.mark.needs_root,
    pytest.mark.skipif(os.geteuid() != 0, reason="limits need control groups: run the tests as root"),
]

EACH, ALL_OF_EACH = 3, 34
LIMIT_BYTES = 48 * 2**20
EAT = """\
import os, signal, sys, time
keep = []
def eat(megabytes):
    for _ in range(megabytes):
        keep.append(b'x' * (1 << 20))
"""
WAIT = "\npid = os.fork()\nif pid == 0:\n    eat(200)\n    os._exit(0)\n_, status = os.waitpid(pid, 0)\n"
SCRIPTS = {
    "main": ("oom_killed", "eat(200)\n"),
    "child": ("oom_killed", WAIT + "sys.exit(1 if status else 0)\n"),
    "group": ("oom_killed", "for _ in range(4): os.fork()\neat(60)\ntime.sleep(600)\n"),
    "outside": ("failed", "eat(5)\nopen('ready', 'w').write(str(os.getpid()))\ntime.sleep(600)\n"),
    "close": ("failed", "eat(25)\nopen('ready', 'w').write(str(os.getpid()))\ntime.sleep(600)\n"),
    "itself": ("failed", "eat(20)\nos.kill(os.getpid(), signal.SIGKILL)\n"),
    "code": ("failed", "sys.exit(137)\n"),
    "survives": ("succeeded", "\npid = os.fork()\nif pid == 0:\n    os.kill(os.getpid(), signal.SIGKILL)\nos.wait()\n"),
}


def test_the_verdict_is_right_either_way(tortured: Tortured) -> None:
    jobs = "".join(
        f"  - {{name: {name}, entrypoint: {name}.py, on_deploy: wait, parallelism: {scaled(EACH, ALL_OF_EACH)},"
        f" resources: {{limits: {{memory: {LIMIT_BYTES}}}}}}}\n"
        for name in SCRIPTS
    )
    files = {f"{name}.py": EAT + script for name, (_, script) in SCRIPTS.items()}
    tortured.deploy(tortured.write("memory", jobs, files))
    run = tortured.run("memory")
    for _ in range(2 * scaled(EACH, ALL_OF_EACH)):
        ready = tortured.wait_for("one to be killed", lambda: next(_ready(tortured), None))
        os.kill(int(ready.read_text()), signal.SIGKILL)
        ready.unlink()
    wrong = []
    for task in tortured.ended(run)["tasks"]:
        (attempt,) = task["attempts"]
        expected, _ = SCRIPTS[task["name"]]
        if task["state"] != expected:
            wrong.append(f"{task['task']} is {task['state']}, not {expected}: {attempt['outcome']}")
        elif expected == "oom_killed":
            assert attempt["evidence"]["limit_bytes"] == LIMIT_BYTES
            assert attempt["evidence"]["peak_bytes"] <= LIMIT_BYTES
    assert not wrong, "\n".join(wrong)


def _ready(tortured: Tortured):  # type: ignore[no-untyped-def]
    return (path for path in tortured.home.runs.glob("memory/*/*/*/work/ready") if Path(path).read_text())
