"""Environments with what a screen shows of the builds that are going on."""

from __future__ import annotations

import threading
from pathlib import Path

from skafd.daemon.changes import Changes
from skafd.environments import Environments
from skafd.home import Home
from skafd.model.deployment import Deployment
from skafd.model.project import Project
from skafd.store.views import ProjectRow


class EnvironmentBuilds:
    """What the deployer needs of environments; remembers the last line of each build under way."""

    def __init__(self, home: Home, changes: Changes) -> None:
        self._deployments = home.deployments
        self._changes = changes
        self._activities: dict[Path, str] = {}
        self._cancelled = threading.Event()
        self._environments = Environments(home.environments, self._on_progress)

    def key_of(self, snapshot_folder: Path, config: Project) -> str:
        """The key of the environment that the snapshot asks for. Raises BuildError."""
        return self._environments.key_of(snapshot_folder, config)

    def prepare(self, folder: Path, snapshot_folder: Path, config: Project, cancelled: threading.Event) -> None:
        """Returns when the environment is there. Raises BuildError."""
        if self._environments.find(self.key_of(snapshot_folder, config)) is not None:
            return
        self._show(folder, "building environment")
        try:
            self._environments.prepare(folder, snapshot_folder, config, cancelled)
        finally:
            self._activities.pop(folder, None)
            self._changes.announce(())

    def ensure(self, deployment: Deployment, project: ProjectRow) -> None:
        """Builds the environment of an earlier deployment again where it is gone. Raises BuildError."""
        snapshot = self._deployments / project.slug / deployment.snapshot_hash
        self.prepare(project.path, snapshot, deployment.config, self._cancelled)

    def cancel(self) -> None:
        """Gives up what `ensure` builds."""
        self._cancelled.set()

    def activity_of(self, folder: Path) -> str | None:
        """What is being built for the project now, in a line."""
        return self._activities.get(folder)

    def _on_progress(self, folder: Path, line: str) -> None:
        if line.strip():
            self._show(folder, f"building environment: {line.strip()}")

    def _show(self, folder: Path, activity: str) -> None:
        self._activities[folder] = activity
        self._changes.announce(())
