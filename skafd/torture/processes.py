"""The daemon under torture, its launcher and its supervisors: started, found, killed."""

from __future__ import annotations

import json
import os
import random
import signal
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from pathlib import Path

import psutil

from skafd.api.client import Client
from skafd.errors import DaemonUnreachable, SkafdError
from skafd.home import Home

PROGRAM = (sys.executable, "-m", "skafd.daemon")
PATIENCE_SECONDS = 180.0
_LOOK_SECONDS = 0.01


class DaemonProcess:
    """One daemon after another on the same state folder."""

    def __init__(
        self, root: Path, environment: Mapping[str, str] | None = None, program: Sequence[str] = PROGRAM
    ) -> None:
        """`root` is an empty folder with a short path; the state folder is made in it."""
        self._program = program
        self.root = root
        self.home = Home(root / "state")
        self.home.create()
        self.client = Client(self.home.api_socket)
        # Compiled modules are kept, wherever skafd is: most of the time of a start would be compiling.
        own = {"HOME": str(root), "PYTHONPYCACHEPREFIX": str(root / "compiled")}
        self.environment = {**_clean(os.environ), **own, **(environment or {})}
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def pid(self) -> int:
        """The process that was started last."""
        assert self._process is not None, "nothing was started"
        return self._process.pid

    def begin(self, environment: Mapping[str, str] | None = None) -> None:
        """Starts a daemon without waiting for it."""
        with (self.home.logs / "daemon.log").open("ab") as log:
            self._process = subprocess.Popen(
                [*self._program, "--home", str(self.home.path)],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                cwd=self.home.path,
                env={**self.environment, **(environment or {})},
            )

    def start(self, environment: Mapping[str, str] | None = None) -> None:
        """Starts a daemon and waits until it answers. Raises SkafdError when it ends instead."""
        self.begin(environment)
        until = time.monotonic() + PATIENCE_SECONDS
        while not self.answers():
            if self.has_ended() or time.monotonic() > until:
                raise SkafdError(f"the daemon does not come up\n{self.last_words()}")
            time.sleep(_LOOK_SECONDS)

    def answers(self) -> bool:
        """It serves its api."""
        try:
            self.client.changes(seconds=0)
        except DaemonUnreachable:
            return False
        return True

    def has_ended(self) -> bool:
        """It is gone, by itself or not."""
        return self._process is None or self._process.poll() is not None

    def wait_for_end(self, seconds: float = PATIENCE_SECONDS) -> int:
        """Its exit code, once it has ended by itself."""
        assert self._process is not None, "nothing was started"
        return self._process.wait(seconds)

    def kill(self) -> None:
        """SIGKILL, and no more of it."""
        if self._process is not None:
            self._process.kill()
            self._process.wait()

    def stop(self, end_jobs: bool = False) -> None:
        """Ends it in an orderly way, if it is there."""
        if not self.has_ended():
            self.client.stop(jobs=end_jobs)
            self.wait_for_end()

    def launcher(self) -> int | None:
        """The pid of the daemon's launcher."""
        try:
            children = psutil.Process(self.pid).children()
        except psutil.NoSuchProcess:
            return None
        found = [child.pid for child in children if b"sandbox.launcher" in _read(Path(f"/proc/{child.pid}/cmdline"))]
        return found[0] if found else None

    def supervisors(self) -> list[int]:
        """The pids of the supervisors at work, oldest attempt first."""
        found = []
        for claim in sorted(self.home.runs.glob("*/*/*/*/claim"), key=lambda path: path.stat().st_mtime):
            if not claim.with_name("exit.json").exists():
                values = json.loads(claim.read_text())
                if _start_time(values["supervisor_pid"]) == values["start_time"]:
                    found.append(values["supervisor_pid"])
        return found

    def last_words(self) -> str:
        """The end of its log."""
        log = self.home.logs / "daemon.log"
        return log.read_text(errors="replace")[-3000:] if log.exists() else ""


def kill_one(dice: random.Random, pids: list[int]) -> int | None:
    """Kills one of some processes; returns which, None when there was none or it has just ended."""
    if not pids:
        return None
    pid = dice.choice(pids)
    try:
        os.kill(pid, signal.SIGKILL)
    except ProcessLookupError:
        return None
    return pid


def _clean(environment: Mapping[str, str]) -> dict[str, str]:
    return {
        name: value
        for name, value in environment.items()
        if not name.startswith(("SKAFD_", "XDG_", "PYTEST_", "PYTHONDONTWRITEBYTECODE"))
    }


def _read(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError:
        return b""


def _start_time(pid: int) -> int | None:
    fields = _read(Path(f"/proc/{pid}/stat")).rpartition(b")")[2].split()
    return int(fields[19]) if fields else None
