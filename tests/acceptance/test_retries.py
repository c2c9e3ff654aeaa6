"""Attempts after the first, and jobs that are named as people name them; through the installed command."""

from __future__ import annotations

import pytest

from tests.support.installed import Installed
from tests.support.rules import states_rule

GROW = 'x = bytearray(b"x") * (100 * 2**20)\n'
CONFIG = """\
name: again
jobs:
  - name: grow
    entrypoint: grow.py
    on_deploy: wait
    retry: {times: 3, delay: 0s, on: [oom_killed], memory: x1.5}
    resources: {limits: {memory: 64Mi}}
  - {name: picky, entrypoint: "exit 3", on_deploy: wait, retry: {times: 2, delay: 0s, on: timed_out}}
  - {name: slow, entrypoint: sleep 600, on_deploy: wait, timeout: 300ms, retry: {times: 1, delay: 0s, on: timed_out}}
"""


def test_an_attempt_gets_more_memory_and_only_what_is_asked_for_is_tried_again(installed: Installed) -> None:
    states_rule(
        "An out-of-memory kill is tried again only when `on:` names it or `memory: x1.5` asks for more "
        "memory; then the next attempt's limit grows by the factor, up to the machine, and who has had "
        "all of it is not tried again."
    )
    folder = installed.write_project("again", {"metis.config.yml": CONFIG, "grow.py": GROW})
    installed.ok("up", folder, "--detach")
    if installed.status()["daemon"]["enforcement"] == "none":
        pytest.skip("MEMORY LIMITS ARE NOT KEPT HERE: this user has no control groups")
    # A job may be named as `skafd why` names it.
    installed.ok("run", "again/grow", "--wait")
    (grown,) = installed.show("again/1")["tasks"]
    limits = [attempt["limit_memory_bytes"] // 2**20 for attempt in grown["attempts"]]
    outcomes = [attempt["outcome"].split(":")[0] for attempt in grown["attempts"]]
    assert (limits, outcomes) == ([64, 96, 144], ["out of memory", "out of memory", "exit code 0"])
    assert installed.ok("why", "again/grow") == "again/1/grow succeeded on attempt 3: exit code 0\n"

    assert installed.command("run", "again", "picky", "--wait").returncode == 1
    (picky,) = installed.show("again/2")["tasks"]
    assert [attempt["outcome"] for attempt in picky["attempts"]] == ["exit code 3"]
    assert installed.command("run", "again", "slow", "--wait").returncode == 1
    (slow,) = installed.show("again/3")["tasks"]
    assert [attempt["outcome"].split()[0] for attempt in slow["attempts"]] == ["timed", "timed"]
    said = installed.command("run", "again/nobody").stderr
    assert "no job nobody in again" in said
    assert "its jobs: grow, picky, slow" in said
