"""A daemon with nothing to do does nothing, and takes little."""

from __future__ import annotations

import re
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

from tests.support.installed import Installed

IDLE_SECONDS = 10
"""Long enough for whatever looks around every few seconds to give itself away."""
PATIENCE = 12
MOST_RESIDENT_KIBIBYTES = 64 * 1024
NATIVE_LIBRARIES = {"pydantic_core"}
"""Of packages, all that a daemon may have loaded. A new one has to be worth its megabytes."""
FOR_OTHERS = {
    *("duckdb", "sqlglot", "rattler", "papermill", "pika"),  # have processes of their own
    *("textual", "rich", "typer", "psutil", "skafd.machine.doctor"),  # the faces
    *("sqlite_utils", "numpy"),  # migrations, which are a child's
}


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


def test_a_daemon_that_was_used_stays_small(installed: Installed) -> None:
    # A first start keeps some of what compiling took; it is kept with the test's own, so that this is one.
    installed.environment.pop("PYTHONDONTWRITEBYTECODE", None)
    installed.environment["PYTHONPYCACHEPREFIX"] = str(installed.root / "compiled")
    config = "name: calm\njobs:\n  - {name: it, entrypoint: it.py}\n"
    folder = installed.write_project("calm", {"metis.config.yml": config, "it.py": "print('done')\n"})
    installed.ok("up", folder, "--detach")
    assert _native_libraries(installed.status()["daemon"]["pid"]) <= NATIVE_LIBRARIES
    installed.ok("down")
    installed.ok("up", "--detach")
    installed.ok("run", "calm", "--wait")
    daemon = installed.status()["daemon"]["pid"]
    assert _native_libraries(daemon) <= NATIVE_LIBRARIES
    assert _resident_kibibytes(daemon) <= MOST_RESIDENT_KIBIBYTES


def test_the_daemon_does_not_carry_what_others_need() -> None:
    code = "import skafd.daemon.__main__, sys; print(*sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True)
    assert FOR_OTHERS & {*done.stdout.split()} == set()


def _native_libraries(pid: int) -> set[str]:
    """The packages of which libraries are mapped."""
    return set(re.findall(r"/site-packages/(\w+)", Path(f"/proc/{pid}/maps").read_text()))


def _resident_kibibytes(pid: int) -> int:
    fields = dict(line.split(":", 1) for line in Path(f"/proc/{pid}/status").read_text().splitlines())
    return int(fields["VmRSS"].split()[0])


def _wake_ups(pid: int) -> Iterator[tuple[str, int]]:
    for thread in Path(f"/proc/{pid}/task").iterdir():
        fields = dict(line.split(":\t", 1) for line in (thread / "status").read_text().splitlines())
        yield f"{fields['Name']} {thread.name}", int(fields["voluntary_ctxt_switches"])
