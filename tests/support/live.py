"""A running daemon as its api shows it: waits for changes instead of asking again and again."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from skafd.api.client import Client
from skafd.errors import NotFound
from tests.support.installed import PATIENCE_SECONDS, Installed

SLICE_SECONDS = 1.0
"""Some conditions are about files, of which no change is announced."""


class LiveDaemon:
    """The daemon of an installation."""

    def __init__(self, installed: Installed) -> None:
        self.installed = installed
        self.client = Client(installed.home / "api.sock")

    def up(self, *folders: Path) -> None:
        """`skafd up FOLDERS --detach`, all of them accepted."""
        self.installed.ok("up", *folders, "--detach")

    def wait_for(self, what: str, condition: Callable[[], Any]) -> Any:
        """Returns the first true value of the condition, asked after each change. Fails when that takes too long."""
        deadline = time.monotonic() + PATIENCE_SECONDS
        while time.monotonic() < deadline:
            number = self.client.changes(seconds=0)
            value = condition()
            if value:
                return value
            self.client.changes(number, SLICE_SECONDS)
        pytest.fail(f"waited in vain for {what}\n{self.installed.ok('status')}\n{self.installed.daemon_log()}")

    def project(self, slug: str) -> dict[str, Any]:
        """One project of the status."""
        return dict(self.client.project(slug))

    def wait_for_problem(self, slug: str, text: str) -> dict[str, Any]:
        """Waits until the last save of a project has this problem, and returns it."""

        def problem() -> Any:
            found = self.project(slug)["problem"]
            return found if found and text in found["text"] else None

        return dict(self.wait_for(f"the problem {text!r}", problem))

    def wait_until_live(self, slug: str, relative: str, text: str) -> int:
        """Waits until a version is live in which a file has this text; returns the version's number."""

        def number() -> int | None:
            if not self.is_live(slug):
                return None
            path = self.live_folder(slug) / relative
            return self.live_number(slug) if path.is_file() and path.read_text() == text else None

        return int(self.wait_for(f"{relative} of {slug} to be live", number))

    def is_live(self, slug: str) -> bool:
        """Whether there is such a project, and a version of it is live."""
        try:
            return self.project(slug)["deployment"] is not None
        except NotFound:
            return False

    def live_number(self, slug: str) -> int:
        """Which version is live."""
        return int(self.project(slug)["deployment"]["number"])

    def live_folder(self, slug: str) -> Path:
        """The snapshot that is live."""
        return self.installed.home / "deployments" / slug / str(self.project(slug)["deployment"]["snapshot_hash"])

    def deployments(self, slug: str) -> list[int]:
        """The numbers of all versions, newest first."""
        return [deployment["number"] for deployment in self.client.deployments(slug)]

    def wait_for_run(self, run: str) -> dict[str, Any]:
        """Waits until a run has ended, and returns it."""
        return dict(self.wait_for(f"the end of {run}", lambda: self._ended(run)))

    def runs(self, slug: str) -> list[dict[str, Any]]:
        """The runs of a project, oldest first."""
        return [dict(run) for run in reversed(self.client.runs(slug, 1000))]

    def _ended(self, run: str) -> dict[str, Any] | None:
        if run not in [one["run"] for one in self.runs(run.rpartition("/")[0])]:
            return None
        detail = dict(self.client.run(run))
        return detail if detail["summary"]["ended_at"] else None
