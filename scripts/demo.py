"""The main job in one go: deploy examples/churn, run it, edit it, see the new version live by itself.

Works on a copy with a temporary state folder. Ends with 1 if anything failed, and leaves no process behind.
"""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from datetime import datetime
from pathlib import Path
from typing import Any

import psutil
from rich.console import Console
from rich.live import Live

from skafd import clock
from skafd.commands.render.status import render_status

ROOT = Path(__file__).resolve().parent.parent
SKAFD = Path(sys.executable).with_name("skafd")
LOOK_EVERY_SECONDS = 0.25
BUILD_PATIENCE_SECONDS = 600
RUN_PATIENCE_SECONDS = 300
DEPLOY_PATIENCE_SECONDS = 60
DOWN_PATIENCE_SECONDS = 20
UNREACHABLE = 3
OLD_TITLE = "Who is likely to leave"
NEW_TITLE = "Whom to call this week"

Json = dict[str, Any]


class DemoFailed(Exception):
    """Something did not go as promised; `str()` says what."""


class Demo:
    """One demonstration, in a folder of its own."""

    def __init__(self, console: Console) -> None:
        self._console = console
        # Short: the path of a unix socket has at most 107 bytes.
        self.folder = Path(tempfile.mkdtemp(prefix="skafd-demo-", dir="/tmp"))
        self.project = self.folder / "churn"
        self._environment = {**os.environ, "SKAFD_HOME": str(self.folder / "state")}

    def run(self) -> None:
        """The steps, in the order in which they are shown. Raises DemoFailed."""
        self._copy()
        self._deploy()
        self._run_graph()
        self._edit()
        self._say_where_to_go()

    def clean_up(self) -> None:
        """Ends the daemon and its jobs; keeps the copy of the project, with its report. Raises DemoFailed."""
        down = self._skafd("down", "--jobs")
        daemons = self._daemons()
        if down.returncode == UNREACHABLE:
            for daemon in daemons:
                # Interrupted before it listened.
                daemon.terminate()
        _, alive = psutil.wait_procs(daemons, timeout=DOWN_PATIENCE_SECONDS)
        if alive:
            raise DemoFailed(f"the daemon (pid {alive[0].pid}) did not end\n{down.stdout}{down.stderr}")
        shutil.rmtree(self.folder / "state", ignore_errors=True)

    def _daemons(self) -> list[psutil.Process]:
        """The daemon of this demo, also while it is still starting."""
        everything = psutil.process_iter(["cmdline"])
        return [process for process in everything if str(self.folder / "state") in (process.info["cmdline"] or [])]

    def _copy(self) -> None:
        self._headline("A project: examples/churn, four jobs (ingest -> train -> score -> report)")
        shutil.copytree(ROOT / "examples" / "churn", self.project, ignore=_leavings)
        self._console.print(
            (self.project / "metis.config.yml").read_text().strip(), style="dim", markup=False, highlight=False
        )

    def _deploy(self) -> None:
        self._headline(f"$ skafd up {self.project} --detach")
        started = time.monotonic()
        if self._call("up", str(self.project), "--detach", patience=BUILD_PATIENCE_SECONDS):
            raise DemoFailed("the project could not be deployed")
        self._console.print(f"deployed in {time.monotonic() - started:.1f} s, environment included")

    def _run_graph(self) -> None:
        self._headline("$ skafd run churn --wait")
        if self._console.is_terminal:
            code, said = self._follow()
        else:
            # In a pipe the command itself prints a line for every change.
            code, said = self._call("run", "churn", "--wait", patience=RUN_PATIENCE_SECONDS), ""
        if code:
            raise DemoFailed(f"`skafd run churn --wait` ended with {code}\n{said}{self._read('show', 'churn/1')}")
        self._headline("$ skafd logs churn")
        self._console.print(
            self._read("logs", "churn").rstrip(), style="dim", markup=False, highlight=False, soft_wrap=True
        )

    def _follow(self) -> tuple[int, str]:
        """Shows the graph as a live screen while it runs; the command's exit code and what it said."""
        run = subprocess.Popen(
            [SKAFD, "run", "churn", "--wait"],
            env=self._environment,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        until = time.monotonic() + RUN_PATIENCE_SECONDS
        try:
            with Live(console=self._console, auto_refresh=False) as screen:
                while run.poll() is None and time.monotonic() < until:
                    self._draw(screen)
                    time.sleep(LOOK_EVERY_SECONDS)
                self._draw(screen)
        finally:
            run.terminate()
            said = run.communicate()[0]
        return run.returncode, said

    def _draw(self, screen: Live) -> None:
        screen.update(render_status(self._status(), self._console.width, clock.now()), refresh=True)

    def _edit(self) -> None:
        self._headline("Now an edit: the report gets another title. Nothing but the file is saved.")
        file = self.project / "report.py"
        old = self._live_number()
        text = file.read_text()
        changed = text.replace(OLD_TITLE, NEW_TITLE)
        if changed == text:
            raise DemoFailed(f"{file} has no title to change")
        saved = time.time()
        file.write_text(changed)
        number, created = self._wait_for_deployment(old)
        self._console.print(
            f"churn #{number} is live by itself, {(created - saved) * 1000:.0f} ms after the save (before: #{old})",
            highlight=False,
        )
        self._console.print(self._read("deployments", "churn").rstrip(), highlight=False)
        self._headline("$ skafd run churn report --only --wait")
        if self._call("run", "churn", "report", "--only", "--wait", patience=RUN_PATIENCE_SECONDS):
            raise DemoFailed("the report could not be made again")
        if NEW_TITLE not in (self.project / "data" / "report.html").read_text():
            raise DemoFailed("the report was made by the old code")

    def _wait_for_deployment(self, old: int) -> tuple[int, float]:
        """The number of the new deployment, and when it went live by the daemon's own clock."""
        until = time.monotonic() + DEPLOY_PATIENCE_SECONDS
        while time.monotonic() < until:
            (project,) = self._status()["projects"]
            if project["problem"]:
                raise DemoFailed(f"the edit was refused: {project['problem']['text']}")
            live = project["deployment"]
            if live["number"] != old:
                return live["number"], datetime.fromisoformat(live["created_at"]).timestamp()
            time.sleep(LOOK_EVERY_SECONDS / 5)
        raise DemoFailed(f"the edit was not live within {DEPLOY_PATIENCE_SECONDS} s")

    def _say_where_to_go(self) -> None:
        report = self.project / "data" / "report.html"
        if not report.is_file():
            raise DemoFailed(f"there is no report at {report}")
        self._headline("Done")
        self._console.print(
            f"the report      {report}\n                {report.with_suffix('.png')}", soft_wrap=True, highlight=False
        )
        self._console.print(
            f"the project     {self.project}  (a copy, yours to change)\n"
            f"try it          export PATH={SKAFD.parent}:$PATH\n"
            f"                skafd up {self.project} --detach && skafd status\n"
            "begin your own  skafd init my-project --template etl\n"
            "read on         README.md, docs/getting-started.md, examples/README.md",
            soft_wrap=True,
            highlight=False,
        )

    def _live_number(self) -> int:
        (project,) = self._status()["projects"]
        return int(project["deployment"]["number"])

    def _status(self) -> Json:
        return dict(json.loads(self._read("status", "--json")))

    def _read(self, *arguments: str) -> str:
        done = self._skafd(*arguments)
        if done.returncode:
            raise DemoFailed(f"`skafd {' '.join(arguments)}` ended with {done.returncode}\n{done.stdout}{done.stderr}")
        return done.stdout

    def _skafd(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [SKAFD, *arguments],
            env=self._environment,
            check=False,
            capture_output=True,
            text=True,
            stdin=subprocess.DEVNULL,
        )

    def _call(self, *arguments: str, patience: float) -> int:
        """Runs a command that prints for itself; its exit code. Raises DemoFailed when it takes too long."""
        try:
            command = [str(SKAFD), *arguments]
            return subprocess.run(
                command, env=self._environment, check=False, timeout=patience, stdin=subprocess.DEVNULL
            ).returncode
        except subprocess.TimeoutExpired as error:
            raise DemoFailed(f"`skafd {' '.join(arguments)}` took longer than {patience:g} s") from error

    def _headline(self, text: str) -> None:
        self._console.print(f"\n[bold cyan]{text}[/]", highlight=False, soft_wrap=True)


def _leavings(folder: str, names: list[str]) -> set[str]:
    """What earlier runs left in the example is not copied."""
    return set(names) - {"README.md"} if Path(folder).name == "data" else set(names) & {"__pycache__"}


def _interrupt(*_: object) -> None:
    raise KeyboardInterrupt


def main() -> int:
    """Runs the demonstration; 0 if everything went as promised."""
    signal.signal(signal.SIGTERM, _interrupt)
    console = Console()
    demo = Demo(console)
    try:
        try:
            demo.run()
        finally:
            demo.clean_up()
    except DemoFailed as failure:
        console.print(f"\nThe demo failed: {failure}", style="bold red", markup=False, highlight=False, soft_wrap=True)
        return 1
    except KeyboardInterrupt:
        console.print("\nInterrupted: the daemon and its jobs are ended")
        return 130
    return 0


if __name__ == "__main__":
    sys.exit(main())
