"""A project with an `environment.yml`, from a channel in a folder, on a machine without conda."""

from __future__ import annotations

from pathlib import Path

from tests.support.conda_channel import channels
from tests.support.installed import Installed

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
