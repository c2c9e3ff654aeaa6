"""The real program in a real terminal: from a failing job to its log, and to its success, by keys alone."""

from __future__ import annotations

import shutil
import subprocess
import time
import uuid
from collections.abc import Iterator

import pytest

from tests.support.installed import PATIENCE_SECONDS, SKAFD, Installed

CONFIG = """\
name: shop
jobs:
  - {name: load, language: any, entrypoint: "test -e data/orders || { echo 'ERROR: there are no orders'; exit 3; }"}
  - {name: report, language: any, entrypoint: echo reported, dependencies: [load]}
"""


class Tmux:
    """A terminal of 110 columns and 30 lines, on a server of its own."""

    def __init__(self, installed: Installed) -> None:
        self._server = f"skafd-{uuid.uuid4().hex[:8]}"
        self._environment = {**installed.environment, "TERM": "xterm-256color"}
        self._call("-f", "/dev/null", "new-session", "-d", "-x", "110", "-y", "30", f"{SKAFD} status")

    def seen(self) -> str:
        """What is on the screen."""
        return self._call("capture-pane", "-p")

    def press(self, *keys: str) -> None:
        """Types; names of keys as tmux has them."""
        self._call("send-keys", *keys)

    def until(self, text: str) -> None:
        """Waits until it is on the screen."""
        ends_at = time.monotonic() + PATIENCE_SECONDS
        while text not in self.seen():
            assert time.monotonic() < ends_at, f"not seen: {text}\n{self.seen()}"
            time.sleep(0.1)

    def has_ended(self) -> bool:
        """The program has ended, and with it the server."""
        return self._run("has-session").returncode != 0

    def close(self) -> None:
        """Ends it, whatever it does."""
        self._run("kill-server")

    def _call(self, *arguments: str) -> str:
        ran = self._run(*arguments)
        assert ran.returncode == 0, ran.stderr
        return ran.stdout

    def _run(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        command = ["tmux", "-L", self._server, *arguments]
        return subprocess.run(command, check=False, capture_output=True, text=True, env=self._environment)


@pytest.fixture
def tmux(installed: Installed) -> Iterator[Tmux]:
    if shutil.which("tmux") is None:
        pytest.fail("tmux is needed to test the screen: apt install tmux")
    folder = installed.projects / "shop"
    (folder / "data").mkdir(parents=True)
    (folder / ".skafosignore").write_text("data/\n")
    (folder / "metis.config.yml").write_text(CONFIG)
    installed.ok("up", folder, "--detach")
    installed.wait_for("the failure", lambda: installed.client.runs("shop")[0]["state"] == "failed")
    terminal = Tmux(installed)
    yield terminal
    terminal.close()


def test_from_a_failing_job_to_its_success(installed: Installed, tmux: Tmux) -> None:
    tmux.until("✗ failed")
    tmux.press("/", "f", "a", "i", "l")
    tmux.until("/fail")
    tmux.press("Enter")
    tmux.until("Open")
    tmux.press("j")
    tmux.until("shop/load")
    tmux.press("l")
    tmux.until("ERROR: there are no orders")
    (installed.projects / "shop" / "data" / "orders").touch()
    tmux.press("Escape")
    tmux.until("PROJECT / JOB")
    tmux.press("R")
    tmux.until("Run again what failed in shop/1?")
    tmux.press("y")
    tmux.press("Escape")
    tmux.until("✓ succeeded")
    installed.wait_for("the success", lambda: installed.client.runs("shop")[0]["state"] == "succeeded")


def test_it_survives_a_restart_of_the_daemon(installed: Installed, tmux: Tmux) -> None:
    tmux.until("✗ failed")
    installed.ok("down")
    tmux.until("trying again")
    assert "shop" in tmux.seen()
    installed.ok("up", "--detach")
    installed.wait_for("the screen to go on", lambda: "trying again" not in tmux.seen())
    tmux.press("q")
    installed.wait_for("its end", tmux.has_ended)
