"""The installed command with a home and a state folder of its own; nothing of it may outlive the test."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import psutil
import pytest

from skafd.api.client import Client
from skafd.errors import DaemonUnreachable, NotFound

SKAFD = Path(sys.executable).with_name("skafd")
EXAMPLES = Path(__file__).resolve().parents[2] / "examples"
PATIENCE_SECONDS = 120.0
"""Far longer than anything takes on a busy machine, shorter than the timeout of a test."""
LOOK_SECONDS = 0.2
"""Some conditions are about files, of which no change is announced."""
UNREACHABLE = 3


class Installed:
    """Runs `skafd` as installed. On leaving, daemon and jobs are ended, and it is checked that nothing is left."""

    def __init__(self) -> None:
        # Short: the path of a unix socket has at most 107 bytes.
        self.root = Path(tempfile.mkdtemp(prefix="skafd-", dir="/tmp"))
        self.home = self.root / "state"
        self.projects = self.root / "projects"
        for folder in (self.projects, self.root / "user"):
            folder.mkdir()
        self.environment = _environment(self.root / "user", self.home)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        try:
            self.clean_up(check=error is None)
        except BaseException:
            if error is None:
                raise
        finally:
            if error is None:
                shutil.rmtree(self.root, ignore_errors=True)
            else:
                print(f"the state folder stays for a look: {self.root}")

    def command(self, *arguments: str | Path, cwd: Path | None = None) -> subprocess.CompletedProcess[str]:
        """Runs `skafd ARGUMENTS` to its end, whatever its exit code."""
        return subprocess.run(
            [str(SKAFD), *map(str, arguments)],
            check=False,
            capture_output=True,
            text=True,
            stdin=subprocess.DEVNULL,
            timeout=PATIENCE_SECONDS * 2,
            cwd=cwd or self.projects,
            env=self.environment,
        )

    def ok(self, *arguments: str | Path, cwd: Path | None = None) -> str:
        """Runs a command that has to succeed; returns what it printed."""
        done = self.command(*arguments, cwd=cwd)
        if done.returncode != 0:
            pytest.fail(f"{describe(done)}\n--- daemon.log\n{self.daemon_log()}", pytrace=False)
        return done.stdout

    def json(self, *arguments: str | Path) -> Any:
        """What a command prints with `--json`."""
        return json.loads(self.ok(*arguments, "--json"))

    def start(self, *arguments: str | Path) -> subprocess.Popen[str]:
        """Starts a command that goes on; the caller ends it."""
        return subprocess.Popen(
            [str(SKAFD), *map(str, arguments)],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            cwd=self.projects,
            env=self.environment,
        )

    def copy_example(self, name: str) -> Path:
        """A fresh copy of an example, without what runs of it have left in its data folder."""
        target = self.projects / name
        shutil.copytree(EXAMPLES / name, target, ignore=_leavings)
        return target

    def write_project(self, name: str, files: dict[str, str]) -> Path:
        """A new project from the texts of its files."""
        folder = self.projects / name
        for relative, text in files.items():
            path = folder / relative
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text)
        return folder

    def dies_deploying(self, folder: Path, point: str) -> None:
        """The daemon that deploys the folder dies where it comes by the crash point; what is started next does not."""
        mark = self.root / f"mark-{folder.name}"
        undisturbed = self.environment
        self.environment = {**undisturbed, "SKAFD_CRASH_AT": point, "SKAFD_CRASH_MARK": str(mark)}
        self.command("up", folder, "--detach")
        self.wait_for(f"{point} to be come by", mark.exists)
        self.environment = undisturbed

    @property
    def client(self) -> Client:
        """The api of its daemon: what is asked again and again is asked there, since each command is a process."""
        return Client(self.home / "api.sock")

    def status(self) -> dict[str, Any]:
        """What `skafd status --json` prints."""
        return dict(self.client.status())

    def project(self, slug: str) -> dict[str, Any]:
        """One project of the status; fails when it is not there."""
        return next(dict(project) for project in self.status()["projects"] if project["project"] == slug)

    def show(self, run: str) -> dict[str, Any]:
        """What `skafd show RUN --json` prints."""
        return dict(self.client.run(run))

    def wait_for(self, what: str, condition: Callable[[], Any], patience_seconds: float = PATIENCE_SECONDS) -> Any:
        """Returns the first true value of the condition, asked after each change."""
        until = time.monotonic() + patience_seconds
        while time.monotonic() < until:
            number = self._count_changes()
            if found := condition():
                return found
            self._wait_for_change(number)
        shown = self.command("status").stdout
        pytest.fail(f"waited in vain for: {what}\n{shown}\n--- daemon.log\n{self.daemon_log()}", pytrace=False)

    def _count_changes(self) -> int | None:
        """None while no daemon answers."""
        try:
            return self.client.changes(seconds=0)
        except DaemonUnreachable:
            return None

    def _wait_for_change(self, number: int | None) -> None:
        """Or a moment, for what is not announced."""
        try:
            if number is not None:
                self.client.changes(number, LOOK_SECONDS)
                return
        except DaemonUnreachable:
            pass
        time.sleep(LOOK_SECONDS / 4)

    def find_run(self, run: str) -> dict[str, Any] | None:
        """A run; None while there is none, or nobody who would know."""
        try:
            return self.show(run)
        except (NotFound, DaemonUnreachable):
            return None

    def wait_for_run(self, run: str, patience_seconds: float = PATIENCE_SECONDS) -> dict[str, Any]:
        """Waits until a run has ended, and returns it."""

        def ended() -> dict[str, Any] | None:
            detail = self.find_run(run)
            return detail if detail and detail["summary"]["ended_at"] else None

        return dict(self.wait_for(f"the end of {run}", ended, patience_seconds))

    def daemon_log(self) -> str:
        """The end of the daemon's log, for the message of a test that fails."""
        path = self.home / "logs" / "daemon.log"
        return path.read_text(errors="replace")[-4000:] if path.exists() else "(none)"

    def clean_up(self, check: bool = True) -> None:
        """Ends the daemon and its jobs. With `check`, fails when a process or a control group is left."""
        done = self.command("down", "--jobs")
        if check and done.returncode not in (0, UNREACHABLE):
            pytest.fail(f"{describe(done)}\n--- daemon.log\n{self.daemon_log()}", pytrace=False)
        left = [f"process {process.pid}: {line}" for process, line in self._processes(check)]
        left += [f"control group {folder}" for folder in self._cgroups() if folder.exists()]
        for process, _ in self._processes(patient=False):
            process.kill()
        if check and left:
            pytest.fail("left behind after `skafd down --jobs`:\n" + "\n".join(left), pytrace=False)

    def _processes(self, patient: bool) -> list[tuple[psutil.Process, str]]:
        """Processes that belong to this state folder; supervisors may need a moment to write their last lines."""
        until = time.monotonic() + (PATIENCE_SECONDS / 10 if patient else 0)
        while (found := list(self._find_processes())) and time.monotonic() < until:
            time.sleep(0.05)
        return found

    def _find_processes(self) -> Iterator[tuple[psutil.Process, str]]:
        root = str(self.root)
        for process in psutil.process_iter():
            try:
                values = process.environ()
                folder, line = process.cwd(), " ".join(process.cmdline())
            except (psutil.NoSuchProcess, psutil.AccessDenied, psutil.ZombieProcess):
                continue
            if values.get("SKAFD_HOME") == str(self.home) or folder.startswith(root) or root in line:
                yield process, line

    def _cgroups(self) -> Iterator[Path]:
        """The control groups of all attempts, as their claims name them."""
        claims = [*self.home.glob("runs/*/*/*/*/claim"), *self.home.glob("services/*/*/claim")]
        for claim in claims:
            for folder in json.loads(claim.read_text())["cgroup"]["folders"].values():
                yield Path(folder)


def describe(done: subprocess.CompletedProcess[str]) -> str:
    """A command with everything it said, for the message of a test that fails."""
    line = " ".join(["skafd", *done.args[1:]])
    return f"`{line}` ended with {done.returncode}\n{done.stdout}{done.stderr}"


def _environment(user: Path, home: Path) -> dict[str, str]:
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("SKAFD_", "XDG_", "PYTEST_"))}
    # Packages are the same for all tests: their cache is shared, wherever uv keeps it.
    cache = os.environ.get("UV_CACHE_DIR") or str(Path.home() / ".cache" / "uv")
    return {**kept, "HOME": str(user), "SKAFD_HOME": str(home), "UV_CACHE_DIR": cache, "NO_COLOR": "1"}


def _leavings(folder: str, names: list[str]) -> set[str]:
    if Path(folder).name == "data":
        return set(names) - {"README.md"}
    return set(names) & {"__pycache__"}


@pytest.fixture
def installed() -> Iterator[Installed]:
    """A fresh installation for one test."""
    with Installed() as fresh:
        yield fresh
