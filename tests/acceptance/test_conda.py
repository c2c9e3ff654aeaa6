"""A project with an `environment.yml`, from a channel in a folder, on a machine without conda."""

from __future__ import annotations

import os
import signal
from pathlib import Path
from typing import Any

import psutil

from tests.support.conda_channel import channels
from tests.support.installed import Installed
from tests.support.live import LiveDaemon
from tests.support.wheels import make_wheel

__all__ = ["channels"]
CONFIG = """\
name: maps
jobs:
  - name: draw
    entrypoint: draw.py
    env: {OMP_NUM_THREADS: 4}
    on_deploy: wait
"""
DRAW = """\
import alpha, os, shutil, sys
print(alpha.version, sys.prefix == os.environ["CONDA_PREFIX"], os.environ.get("VIRTUAL_ENV"))
print(os.environ["GDAL_DATA"] == sys.prefix + "/share/gdal", os.environ["OMP_NUM_THREADS"])
print(shutil.which("gdal") == sys.prefix + "/bin/gdal")
"""


def environment_yml(channel: Path, *packages: str) -> str:
    lines = "".join(f"  - {package}\n" for package in packages)
    return f"channels: [{channel.as_uri()}]\ndependencies:\n{lines}variables: {{OMP_NUM_THREADS: 2}}\n"


def test_pip_alone_reads_the_rest_and_a_death_in_the_middle_leaves_nothing_half_made(
    installed: Installed, channels: Path
) -> None:
    """Killed between solving and the end, at points of each kind: the next start begins anew."""
    live = LiveDaemon(installed)
    installed.environment["RATTLER_CACHE_DIR"] = str(channels / "cache")
    make_wheel(installed.root / "wheels", "gamma", "1.5")
    more = f"  - pip:\n    - --no-index\n    - --find-links {installed.root / 'wheels'}\n    - gamma\n"
    job = "import alpha, gamma, sys; print(alpha.version, gamma.version, sys.prefix)\n"
    for number, point in enumerate(
        ("environment.resolved.after", "environment.clear.after", "environment.declare.before")
    ):
        name = f"maps{number}"
        channel = (channels / "forge").as_uri()
        # Something new to build each time.
        text = f"channels: [{channel}]\ndependencies:\n  - alpha\n{more}variables: {{NUMBER: {number}}}\n"
        config = f"name: {name}\njobs:\n  - {{name: it, entrypoint: it.py}}\n"
        folder = installed.write_project(name, {"metis.config.yml": config, "it.py": job, "environment.yml": text})
        installed.dies_deploying(folder, point)
        installed.ok("up", folder)
        assert live.wait_for_run(f"{name}/1")["summary"]["state"] == "succeeded", point
        assert installed.ok("logs", f"{name}/1").startswith("2.0 1.5 ")
        installed.ok("down")


def test_whoever_is_killed_while_packages_are_linked_begins_anew(installed: Installed, channels: Path) -> None:
    live = LiveDaemon(installed)
    installed.environment["RATTLER_CACHE_DIR"] = str(channels / "cache")
    files = {
        "metis.config.yml": CONFIG,
        "draw.py": DRAW,
        "environment.yml": environment_yml(channels / "forge", "hanging"),
    }
    folder = installed.write_project("maps", files)
    installed.ok("up", "--detach")
    list(live.client.up([folder], wait=False))
    said = live.wait_for("the installation to hang", lambda: linked(live))
    assert said["percent"] == 100
    kill(int(installed.status()["daemon"]["pid"]))
    (folder / "environment.yml").write_text(environment_yml(channels / "forge", "alpha", "gdal"))
    installed.ok("up", folder, "--detach")
    installed.ok("run", "maps", "draw", "--wait")
    assert installed.ok("logs", "maps/draw").startswith("2.0 True")


def linked(live: LiveDaemon) -> dict[str, Any] | None:
    """How far the build is, once all packages are in their place."""
    builds = [one["build"] for one in live.client.status()["projects"] if one["build"]]
    return next((dict(one) for one in builds if one["done"] is not None and one["done"] == one["total"]), None)


def kill(pid: int) -> None:
    process = psutil.Process(pid)
    os.kill(pid, signal.SIGKILL)
    process.wait()


def test_jobs_run_in_it_activated_and_what_cannot_be_solved_leaves_it_live(
    installed: Installed, channels: Path
) -> None:
    installed.environment["RATTLER_CACHE_DIR"] = str(channels / "cache")
    channel = channels / "forge"
    files = {"metis.config.yml": CONFIG, "draw.py": DRAW, "environment.yml": environment_yml(channel, "alpha", "gdal")}
    folder = installed.write_project("maps", files)
    installed.ok("up", folder, "--detach")
    installed.ok("run", "maps", "draw", "--wait")
    assert installed.ok("logs", "maps/draw") == "2.0 True None\nTrue 4\nTrue\n"

    (folder / "environment.yml").write_text(environment_yml(channel, "greedy"))
    refused = installed.command("up", folder, "--detach")
    assert "greedy 1.0 would require" in refused.stdout + refused.stderr
    assert installed.project("maps")["deployment"]["number"] == 1
