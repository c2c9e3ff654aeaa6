"""Projects with flows, and what Metaflow's own Client API says of them."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from functools import partial
from pathlib import Path
from typing import Any

from tests.support.installed import Installed

FLOWS = Path(__file__).parent / "flows"


class FlowProjects:
    """An installation whose projects have metaflow."""

    def __init__(self, installed: Installed) -> None:
        self.installed = installed
        installed.environment["METAFLOW_USER"] = "ada"

    def write(self, name: str, jobs: str, files: dict[str, str] | None = None, copies: tuple[str, ...] = ()) -> Path:
        """A project with these jobs; `copies` are files of the flows that the tests have."""
        texts = {"requirements.txt": "metaflow\n", "metis.config.yml": f"name: {name}\njobs:\n{jobs}", **(files or {})}
        folder = self.installed.write_project(name, texts)
        for file in copies:
            shutil.copyfile(FLOWS / file, folder / file)
        return folder

    def python(self, slug: str) -> Path:
        """The interpreter of a project that is live."""
        environments = list((self.installed.home / "environments").glob("*/bin/metaflow"))
        assert environments, f"no environment of {slug} has metaflow"
        return environments[0].parent / "python"

    def ask(self, folder: Path, flow: str, *options: str) -> dict[str, Any]:
        """What the Client API says of the newest run of a flow, asked in the project's folder as a user would."""
        done = self.execute(folder, str(FLOWS / "client.py"), flow, *options)
        assert done.returncode == 0, done.stderr
        return dict(json.loads(done.stdout))

    def execute(self, folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
        """Runs the project's Python in its folder."""
        python = self.python(folder.name)
        path = f"{python.parent}{os.pathsep}{os.environ['PATH']}"
        return subprocess.run(
            [str(python), *arguments],
            cwd=folder,
            env={**self.installed.environment, "PATH": path},
            capture_output=True,
            text=True,
            check=False,
            timeout=600,
        )

    def run(self, target: str, *options: str) -> dict[str, Any]:
        """Runs a project or a job of it, and waits for its end."""
        return self.finish(self.installed.ok("run", target, *options).split()[0])

    def finish(self, run: str) -> dict[str, Any]:
        """Waits for the end of a run: as long as it takes, if only something happens."""
        before: list[str] = []
        while True:
            news = partial(self._news, run, before)
            shown = self.installed.wait_for(f"something to happen in {run}", news)
            if shown["summary"]["ended_at"]:
                return dict(shown)
            before = _moves(shown)

    def _news(self, run: str, before: list[str]) -> dict[str, Any] | None:
        shown = self.installed.find_run(run)
        return shown if shown and (shown["summary"]["ended_at"] or _moves(shown) != before) else None


def _moves(run: dict[str, Any]) -> list[str]:
    return [f"{task['task']} {task['state']} {len(task['attempts'])}" for task in run["tasks"]] + [str(run["groups"])]


def states(run: dict[str, Any]) -> dict[str, str]:
    """The states of a run's tasks, by their names in it."""
    return {task["task"].split("/", 2)[2]: task["state"] for task in run["tasks"]}


def attempts(run: dict[str, Any], name: str) -> list[str]:
    """How the attempts of a task ended."""
    (task,) = [task for task in run["tasks"] if task["task"].endswith(f"/{name}")]
    return [attempt["state"] for attempt in task["attempts"]]
