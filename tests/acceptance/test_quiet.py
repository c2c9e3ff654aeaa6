"""A daemon with nothing to do does nothing."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path

from tests.support.installed import Installed

IDLE_SECONDS = 10
"""Long enough for whatever looks around every few seconds to give itself away."""
PATIENCE = 12


def test_an_idle_daemon_does_not_wake_up(installed: Installed) -> None:
    config = "name: calm\njobs:\n  - {name: it, entrypoint: it.py}\n"
    folder = installed.write_project("calm", {"metis.config.yml": config, "it.py": "print('done')\n"})
    installed.ok("up", folder, "--detach")
    installed.wait_for_run("calm/1")
    daemon = installed.status()["daemon"]["pid"]
    # Threads that answered the questions above end when nothing was asked for a while.
    for _ in range(PATIENCE):
        before = dict(_wake_ups(daemon))
        time.sleep(IDLE_SECONDS)
        after = dict(_wake_ups(daemon))
        if before == after:
            return
    woken = {name: count - before.get(name, 0) for name, count in after.items()}
    raise AssertionError(f"woke up in {IDLE_SECONDS} s without a cause, by thread: {woken}")


def _wake_ups(pid: int) -> Iterator[tuple[str, int]]:
    for thread in Path(f"/proc/{pid}/task").iterdir():
        fields = dict(line.split(":\t", 1) for line in (thread / "status").read_text().splitlines())
        yield f"{fields['Name']} {thread.name}", int(fields["voluntary_ctxt_switches"])
