"""How long a new environment takes from a save until it is live, how long an unchanged one, and how many builds twenty
projects with the same requirements make; beside bare uv, `python -m venv` with pip, and Metaflow's `@pypi`. What cannot
run on this machine is named, with the reason.

Wheels are cached by a first round that does not count, for every side. Each round wants pandas and scikit-learn and one
more small package in another version, so that nothing was resolved or built before.

    python benchmarks/environments.py [--rounds N] [--projects N] [--json]
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

if __name__ == "__main__":
    sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from benchmarks.metaflow_pypi import CannotRun, MetaflowPypi
from benchmarks.real_daemon import RealDaemon, running_empty
from skafd.api.client import Client
from skafd.environments.interpreter import own_interpreter
from skafd.environments.tool import find_uv, uv_variables

CONFIG = "name: {name}\njobs:\n  - {{name: it, entrypoint: it.py, on_deploy: wait}}\n"
VERSIONS = ("1.10.0", "1.11.0", "1.12.0", "1.13.0", "1.14.0", "1.15.0", "1.16.0", "1.17.0")
GOAL_SECONDS = 2.0
_PATIENCE_SECONDS = 600.0


def wanted(version: str) -> str:
    """Requirements that were not asked for yet."""
    return f"pandas\nscikit-learn\nsix=={version}\n"


class Projects:
    """Projects of a real daemon."""

    def __init__(self, daemon: RealDaemon) -> None:
        self._folder = daemon.folder
        self._environments = daemon.folder / "state" / "environments"
        self._client = Client(daemon.folder / "state" / "api.sock")

    def new(self, name: str, requirements: str) -> Path:
        """A project that nobody watches yet."""
        folder = self._folder / name
        folder.mkdir()
        (folder / "metis.config.yml").write_text(CONFIG.format(name=name))
        (folder / "it.py").write_text("print('it')\n")
        (folder / "requirements.txt").write_text(requirements)
        return folder

    def take_on(self, *folders: Path) -> None:
        """Until all of them are live."""
        results = list(self._client.up(list(folders)))
        bad = [result for result in results if result["outcome"] not in ("deployed", "unchanged")]
        if bad:
            raise RuntimeError(bad[0]["text"])

    def save(self, folder: Path, file: str, text: str) -> float:
        """The seconds from a save until the new version is live."""
        before = self._live(folder.name)
        saved_at = time.monotonic()
        (folder / file).write_text(text)
        change = self._client.changes(seconds=0)
        while self._live(folder.name) == before:
            if time.monotonic() - saved_at > _PATIENCE_SECONDS:
                raise RuntimeError("the daemon did not get to it")
            if problem := self._client.project(folder.name)["problem"]:
                raise RuntimeError(problem["text"])
            change = self._client.changes(change)
        return time.monotonic() - saved_at

    def count(self) -> int:
        """How many environments there are."""
        return sum(1 for path in self._environments.iterdir() if not path.name.startswith("."))

    def _live(self, slug: str) -> int:
        return max(int(one["number"]) for one in self._client.deployments(slug) if one["live"])


def with_uv(requirements: Path, folder: Path) -> None:
    """What somebody would type: resolve, make, install."""
    uv, variables = find_uv(), uv_variables(os.environ)
    python, locked = str(own_interpreter().path), str(folder / "locked.txt")
    for command in (
        ["pip", "compile", "--quiet", "--python", python, "--output-file", locked, str(requirements)],
        ["venv", "--quiet", "--python", python, str(folder / "venv")],
        ["pip", "install", "--quiet", "--python", str(folder / "venv" / "bin" / "python"), "--requirements", locked],
    ):
        subprocess.run([uv, *command], check=True, env=variables, stdout=subprocess.DEVNULL, cwd=folder)


def with_pip(requirements: Path, folder: Path) -> None:
    """As it always was."""
    subprocess.run([str(own_interpreter().path), "-m", "venv", str(folder / "venv")], check=True)
    pip = [
        str(folder / "venv" / "bin" / "python"),
        "-m",
        "pip",
        "install",
        "--quiet",
        "--requirement",
        str(requirements),
    ]
    subprocess.run(pip, check=True, cwd=folder)


def with_metaflow(versions: Sequence[str]) -> float | str:
    """As `@pypi` does it, in seconds; why not, where it cannot. The first of the versions is for filling its caches."""
    with tempfile.TemporaryDirectory() as name:
        metaflow = MetaflowPypi(Path(name))
        try:
            metaflow.install()
            found = [metaflow.run({"pandas": "", "scikit-learn": "", "six": version}) for version in versions]
        except CannotRun as error:
            return error.reason
        return round(found[-1], 2)


def timed(make: Callable[[Path, Path], None], version: str) -> float:
    """The seconds that another tool takes for the same."""
    with tempfile.TemporaryDirectory() as name:
        requirements = Path(name, "requirements.txt")
        requirements.write_text(wanted(version))
        began = time.monotonic()
        make(requirements, Path(name))
        return time.monotonic() - began


def measure(rounds: int, projects: int) -> dict[str, Any]:
    """All figures, in seconds; skafd and uv in turn, pip once."""
    with running_empty() as daemon:
        saved = Projects(daemon)
        folder = saved.new("first", wanted(VERSIONS[-1]))
        saved.take_on(folder)
        timed(with_uv, VERSIONS[-1])
        new, bare = [], []
        for version in VERSIONS[:rounds]:
            new.append(saved.save(folder, "requirements.txt", wanted(version)))
            bare.append(timed(with_uv, version))
        built = saved.count()
        unchanged = [saved.save(folder, "it.py", f"print({number})\n") for number in range(rounds)]
        unchanged_builds = saved.count() - built
        many = [saved.new(f"p{number}", f"{wanted(VERSIONS[-2])}tabulate\n") for number in range(projects)]
        built, began = saved.count(), time.monotonic()
        saved.take_on(*many)
        together = time.monotonic() - began
        together_builds = saved.count() - built
    timed(with_pip, VERSIONS[-1])
    return {
        "cpus": os.cpu_count(),
        "load": round(os.getloadavg()[0], 1),
        "rounds": rounds,
        "new_p50": round(statistics.median(new), 2),
        "new_max": round(max(new), 2),
        "bare_uv_p50": round(statistics.median(bare), 2),
        "pip": round(timed(with_pip, VERSIONS[0]), 2),
        "metaflow_pypi": with_metaflow((VERSIONS[-1], VERSIONS[0])),
        "unchanged_p50": round(statistics.median(unchanged), 3),
        "unchanged_builds": unchanged_builds,
        "projects": projects,
        "projects_seconds": round(together, 2),
        "projects_builds": together_builds,
    }


def print_table(found: dict[str, Any]) -> None:
    """For people."""
    print(
        f"{found['cpus']} cpus, load {found['load']}, {found['rounds']} rounds, pandas and scikit-learn, wheels cached"
    )
    print(f"{'new environment, save to live, p50':44}{found['new_p50']:>9.2f} s   goal {GOAL_SECONDS:g}")
    print(f"{'  the slowest':44}{found['new_max']:>9.2f} s")
    print(f"{'  uv alone: resolve, make, install, p50':44}{found['bare_uv_p50']:>9.2f} s")
    print(f"{'  python -m venv and pip install':44}{found['pip']:>9.2f} s")
    if isinstance(found["metaflow_pypi"], str):
        print(f"!!! Metaflow's @pypi CANNOT RUN ON THIS MACHINE, so it is not compared: {found['metaflow_pypi']}")
    else:
        print(f"{'  Metaflow with @pypi, a run of two steps':44}{found['metaflow_pypi']:>9.2f} s")
    print(f"{'unchanged requirements, save to live, p50':44}{found['unchanged_p50']:>9.3f} s")
    print(f"{'  builds':44}{found['unchanged_builds']:>9}     goal 0")
    many = f"{found['projects']} projects with the same, at once"
    print(f"{many:44}{found['projects_seconds']:>9.2f} s")
    print(f"{'  builds':44}{found['projects_builds']:>9}     goal 1")


def main() -> None:
    """Measures and prints."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=5, choices=range(1, len(VERSIONS) - 1))
    parser.add_argument("--projects", type=int, default=20)
    parser.add_argument("--json", action="store_true", help="print the figures as JSON")
    arguments = parser.parse_args()
    found = measure(arguments.rounds, arguments.projects)
    if arguments.json:
        print(json.dumps(found, indent=2))
    else:
        print_table(found)


if __name__ == "__main__":
    main()
