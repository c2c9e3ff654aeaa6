"""A project runs in the environment that its author meant, whoever kills whom while it is made."""

from __future__ import annotations

import os
import signal
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psutil
import pytest

from skafd import crash
from tests.support.installed import Installed
from tests.support.live import LiveDaemon
from tests.support.package_index import serving
from tests.support.pythons import need_python
from tests.support.tortured import SCALE
from tests.support.wheels import make_wheel

OLDEST_CONFIG = """\
name: no-show
project_token: 5c1e8a0b7d4f2936e1a7c9d3
language: python
entrypoint: "main.py"
environment:
  - GULL: noisy
"""
OLD_JOB = """\
import os, sys
import numpy, pandas, tabulate
frame = pandas.DataFrame({"gull": [1, 2, 3]})
print("python", "%d.%d" % sys.version_info[:2], "pandas", pandas.__version__, "numpy", numpy.__version__)
print(tabulate.tabulate(frame, headers="keys"), os.environ["GULL"], int(frame.gull.sum()))
"""
AUTHOR = ("-c", "user.name=somebody", "-c", "user.email=somebody@example.org")
CONFIG = "name: {name}\njobs:\n  - {{name: it, entrypoint: it.py}}\n"
HANGING_BACKEND = """\
import os, subprocess, time
def build_wheel(*arguments, **settings):
    subprocess.Popen(["setsid", "sleep", "1000"], cwd=os.environ["MARK"])
    time.sleep(1000)
build_editable = prepare_metadata_for_build_wheel = build_wheel
"""
HANGING_PROJECT = """\
[project]
name = "hanging"
version = "1.0"
[build-system]
requires = []
build-backend = "backend"
backend-path = ["."]
"""


@pytest.fixture
def live(installed: Installed) -> LiveDaemon:
    installed.environment["UV_FIND_LINKS"] = str(installed.root / "wheels")
    make_wheel(installed.root / "wheels", "alpha", "1.0")
    return LiveDaemon(installed)


def daemon_of(installed: Installed) -> int:
    return int(installed.status()["daemon"]["pid"])


def kill(pid: int) -> None:
    process = psutil.Process(pid)
    os.kill(pid, signal.SIGKILL)
    process.wait()


def test_a_project_of_2018_runs_unmodified_from_the_oldest_config(installed: Installed) -> None:
    need_python("<3.8")
    # What one test run has downloaded, the next one finds, as with uv's own cache.
    installed.environment["PIP_CACHE_DIR"] = str(Path(installed.environment["UV_CACHE_DIR"]).with_name("pip"))
    requirements = "pandas==0.23.4\nnumpy==1.15.1\ntabulate==0.8.2\nskafossdk==1.0.0\n"
    files = {"metis.config.yml": OLDEST_CONFIG, "main.py": OLD_JOB, "requirements.txt": requirements}
    installed.ok("up", installed.write_project("no-show", files))
    detail = installed.wait_for_run("no-show/1")
    log = installed.ok("logs", "no-show/1/no-show")
    assert detail["summary"]["state"] == "succeeded", log
    assert "pandas 0.23.4 numpy 1.15.1" in log
    assert "noisy 6" in log


def test_after_a_death_at_any_point_of_a_build_the_next_save_works(live: LiveDaemon) -> None:
    installed = live.installed
    points = [point for point in crash.points() if point.startswith("environment.")]
    assert len(points) >= 6
    # In `make test` one of each pair, at full size all.
    points = points if SCALE >= 2 else [point for number, point in enumerate(points) if number % 4 in (0, 3)]
    for number, point in enumerate(points):
        name = point.replace(".", "-")
        job = "import alpha; print('alpha', alpha.version)\n"
        config = CONFIG.format(name=name)
        # Something new to resolve and to build each time.
        requirements = f"--no-index\nalpha\n./v{number}/beta-{number}.0-py3-none-any.whl\n"
        files = {"metis.config.yml": config, "it.py": job, "requirements.txt": requirements}
        folder = installed.write_project(name, files)
        make_wheel(folder / f"v{number}", "beta", f"{number}.0")
        installed.dies_deploying(folder, point)
        installed.ok("up", folder)
        (folder / "marker.txt").write_text(point)
        live.wait_until_live(name, "marker.txt", point)
        assert live.wait_for_run(f"{name}/1")["summary"]["state"] == "succeeded", point
        installed.ok("down")


def test_a_build_ends_with_its_daemon_and_leaves_no_process(live: LiveDaemon) -> None:
    installed = live.installed
    mark = installed.root / "mark"
    mark.mkdir()
    installed.environment["MARK"] = str(mark)
    files = {
        "metis.config.yml": CONFIG.format(name="stuck"),
        "it.py": "print('it runs')\n",
        "requirements.txt": "./hanging\n",
        "hanging/pyproject.toml": HANGING_PROJECT,
        "hanging/backend.py": HANGING_BACKEND,
    }
    folder = installed.write_project("stuck", files)
    installed.ok("up", "--detach")
    list(live.client.up([folder], wait=False))
    (sleeper,) = live.wait_for("the build to hang", lambda: sleepers_in(mark))
    kill(daemon_of(installed))
    assert sleeper.is_running()
    (folder / "requirements.txt").write_text("--no-index\nalpha\n")
    installed.ok("up", folder)
    assert sleepers_in(mark) == []
    assert live.wait_for_run("stuck/1")["summary"]["state"] == "succeeded"


def test_a_broken_environment_is_made_anew_when_the_daemon_starts(live: LiveDaemon) -> None:
    installed = live.installed
    files = {
        "metis.config.yml": CONFIG.format(name="broken"),
        "it.py": "import alpha; print('alpha', alpha.version)\n",
        "requirements.txt": "--no-index\nalpha\n",
    }
    folder = installed.write_project("broken", files)
    installed.ok("up", folder)
    (environment,) = [path for path in (installed.home / "environments").iterdir() if not path.name.startswith(".")]
    installed.ok("down")
    (environment / "bin" / "python").unlink()
    installed.ok("up", "--detach")
    live.wait_for("the interpreter", (environment / "bin" / "python").exists)
    live.wait_for("all of it", (environment / "skafd-ready").exists)
    installed.ok("run", "broken", "--wait")


@pytest.mark.parametrize("damage", ["bin/python", "lib/*/site-packages/alpha.py", "."])
def test_a_broken_environment_is_made_anew_when_a_task_is_to_start_in_it(live: LiveDaemon, damage: str) -> None:
    installed = live.installed
    files = {
        "metis.config.yml": "name: broken\njobs:\n  - {name: it, entrypoint: it.py, on_deploy: wait}\n",
        "it.py": "import alpha; print('alpha', alpha.version)\n",
        "requirements.txt": "--no-index\nalpha\n",
    }
    installed.ok("up", installed.write_project("broken", files), "--detach")
    installed.ok("run", "broken", "--wait")
    (environment,) = [path for path in (installed.home / "environments").iterdir() if not path.name.startswith(".")]
    (lost,) = environment.glob(damage) if damage != "." else (environment,)
    lost.rename(installed.root / "lost")
    installed.ok("run", "broken", "--wait")
    assert "alpha 1.0" in installed.ok("logs", "broken")
    first, *_ = installed.show("broken/2")["tasks"][0]["attempts"]
    assert "files of its environment are gone" in first["outcome"]


def test_a_day_that_is_named_by_hand_counts_until_it_is_taken_back(live: LiveDaemon) -> None:
    installed = live.installed
    with index_of_two_years(installed):
        files = {
            "metis.config.yml": "name: dated\njobs:\n  - {name: it, entrypoint: it.py, on_deploy: wait}\n",
            "it.py": "import gamma; print('gamma', gamma.version)\n",
            "requirements.txt": "gamma\n",
        }
        folder = installed.write_project("dated", files)
        for option, version in ((), "2.0"), (("--resolve-as-of", "2018-11-01"), "1.0"), ((), "1.0"):
            said = installed.ok("up", folder, "--detach", *option)
            assert ("packages are those as of 2018-11-01" in said) == (version == "1.0")
            installed.ok("run", "dated", "--wait")
            assert f"gamma {version}" in installed.ok("logs", "dated")
        (folder / "it.py").write_text("import gamma; print('then', gamma.version)\n")
        installed.ok("up", folder, "--detach")
        installed.ok("run", "dated", "--wait")
        assert "then 1.0" in installed.ok("logs", "dated")
        installed.ok("up", folder, "--detach", "--resolve-as-of", "config")
        installed.ok("run", "dated", "--wait")
        assert "then 2.0" in installed.ok("logs", "dated")
        refused = installed.command("up", folder, "--resolve-as-of", "last week")
        assert "'last week' is no day" in refused.stdout + refused.stderr


def test_auto_is_the_day_of_the_last_commit_to_the_requirements(live: LiveDaemon) -> None:
    installed = live.installed
    with index_of_two_years(installed):
        files = {
            "metis.config.yml": "name: dated\nresolve_as_of: auto\njobs:\n  - {name: it, entrypoint: it.py}\n",
            "it.py": "import gamma; print('gamma', gamma.version)\n",
            "requirements.txt": "gamma\n",
        }
        folder = installed.write_project("dated", files)
        when = {"GIT_AUTHOR_DATE": "2018-11-01T10:00:00Z", "GIT_COMMITTER_DATE": "2018-11-01T10:00:00Z"}
        for command in (["init", "-q"], ["add", "-A"], [*AUTHOR, "commit", "-q", "-m", "as it was"]):
            subprocess.run(["git", *command], cwd=folder, env={**installed.environment, **when}, check=True)
        installed.ok("up", folder, "--detach")
        assert live.wait_for_run("dated/1")["summary"]["state"] == "succeeded"
        assert "gamma 1.0" in installed.ok("logs", "dated/1")
        (folder / "requirements.txt").write_text("gamma>=1\n")
        live.wait_for_run("dated/2")
        assert "gamma 2.0" in installed.ok("logs", "dated/2")


@contextmanager
def index_of_two_years(installed: Installed) -> Iterator[None]:
    """The only index, with gamma 1.0 of 2018 and gamma 2.0 of 2019."""
    with serving(installed.root / "index") as index:
        index.publish("gamma", "1.0", day="2018-01-01")
        index.publish("gamma", "2.0", day="2019-01-01")
        installed.environment |= {"UV_DEFAULT_INDEX": index.url, "UV_FIND_LINKS": ""}
        yield


def sleepers_in(folder: Path) -> list[psutil.Process]:
    """What a build started there to outlive it."""
    found = []
    for process in psutil.process_iter():
        try:
            if process.cwd() == str(folder) and process.status() != psutil.STATUS_ZOMBIE:
                found.append(process)
        except (psutil.NoSuchProcess, psutil.AccessDenied, FileNotFoundError):
            continue
    return found
