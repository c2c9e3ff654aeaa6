"""R21: of several daemons on one state folder one works, and the others refuse and name it."""

from __future__ import annotations

import subprocess
import sys

from skafd.home import ALREADY_RUNNING_EXIT_CODE
from tests.support.installed import Installed
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
        assert other.returncode == ALREADY_RUNNING_EXIT_CODE
        assert f"pid {tortured.pid}" in said
    assert tortured.client.status()["daemon"]["pid"] == tortured.pid


def test_a_folder_whose_daemon_was_killed_is_free_at_once(tortured: Tortured) -> None:
    tortured.kill()
    tortured.start()
    assert tortured.client.status()["daemon"]["pid"] == tortured.pid


def test_commands_that_each_find_no_daemon_all_get_the_one_that_starts(installed: Installed) -> None:
    started = [installed.start("up", "--detach") for _ in range(MORE)]
    assert [one.wait(timeout=120) for one in started] == [0] * MORE
    assert len({one.communicate()[0].split("pid ")[1].split(")")[0] for one in started}) == 1
