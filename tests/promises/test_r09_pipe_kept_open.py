"""R9: a run ends when its main process ends, though a grandchild keeps its output open: the grandchild is ended."""

from __future__ import annotations

from pathlib import Path

from tests.support.tortured import Tortured

SCRIPT = "import os, time\nprint('said', flush=True)\nif os.fork() == 0:\n    os.setsid()\n    time.sleep(600)\n"


def test_a_grandchild_does_not_keep_the_run_open(tortured: Tortured) -> None:
    tortured.deploy(tortured.write("pipe", "  - {name: it, entrypoint: it.py, on_deploy: wait}\n", {"it.py": SCRIPT}))
    # Patience is far shorter than the grandchild would live, and nobody asks it to end.
    (task,) = tortured.ended(tortured.run("pipe"))["tasks"]
    assert task["state"] == "succeeded"
    assert Path(task["attempts"][0]["folder"], "log").read_text() == "said\n"
