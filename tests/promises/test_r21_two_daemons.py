"""R21: of several daemons on one state folder one works, and the others refuse and name it."""

from __future__ import annotations

import subprocess
import sys

from tests.support.tortured import Tortured, scaled

MORE = 4


def test_a_second_daemon_refuses_and_names_the_first(tortured: Tortured) -> None:
    program = [sys.executable, "-m", "skafd.daemon", "--home", str(tortured.home.path)]
    others = [
        subprocess.Popen(program, stderr=subprocess.PIPE, text=True, env=tortured.environment)
        for _ in range(scaled(MORE))
    ]
    for other in others:
        _, said = other.communicate(timeout=120)
        assert other.returncode == 1
        assert f"pid {tortured.pid}" in said
    assert tortured.client.status()["daemon"]["pid"] == tortured.pid


def test_a_folder_whose_daemon_was_killed_is_free_at_once(tortured: Tortured) -> None:
    tortured.kill()
    tortured.start()
    assert tortured.client.status()["daemon"]["pid"] == tortured.pid
