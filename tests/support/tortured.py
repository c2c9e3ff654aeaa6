"""A daemon of its own for a promise: projects from texts, runs to their end, and a look at everything that is left."""

from __future__ import annotations

import os
import shutil
import tempfile
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import pytest

from skafd.errors import SkafdError
from skafd.torture.ledger import processes_of
from skafd.torture.processes import PROGRAM, DaemonProcess

SCALE = float(os.environ.get("SKAFD_TORTURE_SCALE", "1"))
"""How many times larger than in `make test` the promises are tested; `make torture` sets it."""
PATIENCE_SECONDS = 120.0
CHANGE_SECONDS = 1.0
"""So long a change is waited for before somebody looks all the same."""

FULL_SCALE = 2.0
"""From here on a promise is tested at its full size."""


def scaled(number: int, full: int | None = None) -> int:
    """A size for this run of the tests: `full` is that of a promise at its full size, where it has one."""
    return full if full is not None and SCALE >= FULL_SCALE else max(1, round(number * SCALE))


class Tortured(DaemonProcess):
    """On leaving, daemon and jobs are ended, and it is checked that nothing is left."""

    def __init__(
        self,
        environment: Mapping[str, str] | None = None,
        root: Path | None = None,
        program: Sequence[str] = PROGRAM,
    ) -> None:
        # Short: the path of a unix socket has at most 107 bytes.
        folder = root or Path(tempfile.mkdtemp(prefix="skafd-", dir="/tmp"))
        cache = os.environ.get("UV_CACHE_DIR") or str(Path.home() / ".cache" / "uv")
        # Empty: what is compiled is where skafd is, since before the tests began.
        shared = {"PYTHONPYCACHEPREFIX": "", "UV_CACHE_DIR": cache}
        super().__init__(folder, {**shared, **(environment or {})}, program)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        try:
            self.finish()
        except Exception as second:
            if error is None:
                raise
            error.add_note(f"and then: {second}")
        finally:
            self.kill()
            if error is None:
                shutil.rmtree(self.root, ignore_errors=True)
            else:
                error.add_note(f"the state folder stays for a look: {self.root}\n{self.last_words()}")

    def finish(self) -> None:
        """Ends daemon and jobs; fails when a process is left."""
        if self.has_ended():
            self.start()
        self.stop(end_jobs=True)
        self.wait_for("every process to end", lambda: not processes_of(self.home.path))

    def write(self, name: str, jobs: str, files: Mapping[str, str] | None = None, head: str = "") -> Path:
        """A project from the text of its jobs, and its scripts."""
        folder = self.root / name
        folder.mkdir(exist_ok=True)
        for file, text in {"metis.config.yml": f"name: {folder.name}\n{head}jobs:\n{jobs}", **(files or {})}.items():
            self._put(folder / file, text)
        return folder

    def _put(self, path: Path, text: str) -> None:
        """All at once, and only what is new: a file that is half written would be a version of its own."""
        if not path.exists() or path.read_text() != text:
            whole = self.root / "whole"
            whole.write_text(text)
            whole.replace(path)

    def deploy(self, *folders: Path) -> None:
        """Hands folders over; fails when one is refused."""
        for result in self.client.up(list(folders)):
            assert result["outcome"] in ("deployed", "unchanged"), result

    def run(self, project: str, job: str | None = None) -> str:
        """Starts a run, and says its name."""
        return str(self.client.start_run(project, job)["summary"]["run"])

    def ended(self, run: str) -> dict[str, Any]:
        """The run when it has ended."""

        def look() -> dict[str, Any] | None:
            number = self.client.changes(seconds=0)
            detail = self.client.run(run)
            if detail["summary"]["ended_at"]:
                return detail
            self.client.changes(number, CHANGE_SECONDS)
            return None

        return dict(self.wait_for(f"the end of {run}", look))

    def wait_for(self, what: str, condition: Callable[[], Any]) -> Any:
        """Asks until the condition gives something true, and returns that."""
        until = time.monotonic() + PATIENCE_SECONDS
        while time.monotonic() < until:
            if found := condition():
                return found
            time.sleep(0.02)
        pytest.fail(f"waited in vain for: {what}\n--- daemon.log\n{self.last_words()}", pytrace=False)

    def come_back(self, environment: Mapping[str, str] | None = None) -> None:
        """Starts it again until it stays up: a daemon that was told to die at a point dies while it starts, too."""
        until = time.monotonic() + PATIENCE_SECONDS
        while self.has_ended() and time.monotonic() < until:
            self._try_to_start(environment)

    def _try_to_start(self, environment: Mapping[str, str] | None) -> None:
        try:
            self.start(environment)
        except SkafdError:
            if self.wait_for_end() != -9:
                raise


@pytest.fixture
def tortured() -> Any:
    """A daemon that runs."""
    with Tortured() as fresh:
        fresh.start()
        yield fresh
