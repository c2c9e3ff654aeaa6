"""A running daemon as its api shows it."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

from skafd.errors import NotFound
from tests.support.installed import Installed


class LiveDaemon:
    """The daemon of an installation."""

    def __init__(self, installed: Installed) -> None:
        self.installed = installed
        self.client = installed.client

    def up(self, *folders: Path) -> None:
        """`skafd up FOLDERS --detach`, all of them accepted."""
        self.installed.ok("up", *folders, "--detach")

    def wait_for(self, what: str, condition: Callable[[], Any]) -> Any:
        """Returns the first true value of the condition, asked after each change. Fails when that takes too long."""
        return self.installed.wait_for(what, condition)

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
        return self.installed.wait_for_run(run)

    def runs(self, slug: str) -> list[dict[str, Any]]:
        """The runs of a project, oldest first."""
        return [dict(run) for run in reversed(self.client.runs(slug, 1000))]
