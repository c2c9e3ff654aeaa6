"""Folders become deployments: watches them, deploys what settles, and switches in one transaction."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

from skafd.api.shapes import FolderResult
from skafd.config import find_projects
from skafd.daemon.changes import Changes
from skafd.daemon.environment_builds import EnvironmentBuilds
from skafd.daemon.fitting import warnings_for
from skafd.daemon.orchestrator import Orchestrator
from skafd.daemon.releasing import note_project, note_refusal, note_unchanged, release, take_back
from skafd.daemon.statuses import Notes
from skafd.deploy.pipeline import Deployer
from skafd.deploy.release import Deployable, RefusedDeploy, Result, Stage, Unchanged
from skafd.deploy.watch import Watcher
from skafd.errors import DeployError, SkafdError
from skafd.home import Home
from skafd.machine.enforcement import Enforcement
from skafd.model.decisions import Event
from skafd.model.deployment import Deployment
from skafd.model.limits import Capacity
from skafd.model.project import Project
from skafd.store import Database, Purpose, Writer
from skafd.store.views import ProjectRow


class Deploying:
    """Every folder that skafd knows. Methods may be called from any thread."""

    def __init__(
        self,
        home: Home,
        database: Database,
        orchestrator: Orchestrator,
        changes: Changes,
        capacity: Capacity,
        enforcement: Enforcement,
    ) -> None:
        self._database = database
        self._orchestrator = orchestrator
        self._changes = changes
        self._capacity = capacity
        self._enforcement = enforcement
        self._warnings: dict[Path, tuple[str, ...]] = {}
        self._parents: set[Path] = set()
        """Watched for projects that appear in them."""
        self._delivered = threading.Condition()
        self._deliveries = 0
        self._outcomes: dict[Path, tuple[int, FolderResult]] = {}
        """Of each folder the newest, with its place in the order of deliveries."""
        self._builds = EnvironmentBuilds(home, changes)
        self._deployer = Deployer(home.deployments, self._builds, self._slug_of, self._deliver)
        self._watcher = Watcher(self._on_settled)

    def resume(self) -> None:
        """Watches every known folder again, and deploys what was saved while nobody was looking."""
        with self._database.reader() as reader:
            known = [(project, reader.deployments(project.id)) for project in reader.projects()]
        for project, deployments in known:
            self._deployer.remember(project.path, deployments[0].snapshot_hash if deployments else None)
            self._watcher.watch(project.path)
            self._deployer.deploy(project.path)

    def up(self, folders: Sequence[Path], wait: bool) -> Iterator[FolderResult]:
        """Takes folders on (the known ones when none is named); with `wait` yields what became of each project."""
        projects: list[Path] = []
        for folder in folders or self._known():
            found, refusal = self._projects_in(folder.resolve())
            if refusal is not None:
                yield refusal
            projects += [path for path in found if path not in projects]
        before = self._deliveries
        for project in projects:
            self._watcher.watch(project)
            self._deployer.deploy(project)
        for project in projects if wait else ():
            yield self._wait_for(project, before)

    def roll_back(self, project: ProjectRow, deployment: Deployment) -> None:
        """Makes an earlier deployment live again; its environment is built anew where it is gone."""
        self._builds.ensure(deployment, project)
        self._write(
            lambda writer: take_back(writer, self._database, self._orchestrator, project, deployment), Purpose.ROLLBACK
        )

    def notes_of(self, folder: Path) -> Notes:
        """What a screen shows besides what the database knows."""
        return Notes(self._builds.activity_of(folder), self._warnings.get(folder, ()))

    def close(self) -> None:
        """Stops watching and cancels builds."""
        self._watcher.close()
        self._deployer.close()

    # --- what the watcher and the deployer call ---------------------------------------------------------

    def _on_settled(self, folder: Path) -> None:
        if folder not in self._parents:
            self._deployer.deploy(folder)
            return
        known = set(self._known())
        for project in find_projects(folder):
            if project not in known:
                self._watcher.watch(project)
                self._deployer.deploy(project)

    def _slug_of(self, folder: Path, config: Project) -> str:
        try:
            self._write(lambda writer: note_project(writer, folder, config.name, config.token), Purpose.PROJECT)
        except SkafdError as error:
            raise DeployError(error.message, error.hint) from error
        return self._row(folder).slug

    def _deliver(self, result: Result) -> None:
        """Runs in the deployer's threads, one result of a folder at a time."""
        outcome = self._apply(result)
        with self._delivered:
            self._deliveries += 1
            self._outcomes[result.folder] = (self._deliveries, outcome)
            self._delivered.notify_all()
        self._changes.announce()

    def _apply(self, result: Result) -> FolderResult:
        match result:
            case Deployable():
                return self._release(result)
            case RefusedDeploy():
                return self._refuse(result)
            case Unchanged():
                row = self._row(result.folder)
                self._write(lambda writer: note_unchanged(writer, row), Purpose.UNCHANGED)
                return self._outcome(result.folder, "unchanged")

    def _release(self, deployable: Deployable) -> FolderResult:
        warnings = [problem.message for problem in deployable.problems] + list(deployable.warnings)
        try:
            warnings += warnings_for(deployable.config, self._capacity, self._enforcement)
            self._write(lambda writer: release(writer, self._database, self._orchestrator, deployable), Purpose.DEPLOY)
        except SkafdError as error:
            return self._refuse(RefusedDeploy(deployable.folder, Stage.RELEASE, error.message, error.hint))
        self._warnings[deployable.folder] = tuple(warnings)
        return self._outcome(deployable.folder, "deployed")

    def _refuse(self, refused: RefusedDeploy) -> FolderResult:
        self._write(lambda writer: note_refusal(writer, refused), Purpose.REFUSAL)
        text = f"{refused.message}\n{refused.hint}" if refused.hint else refused.message
        return self._outcome(refused.folder, "refused", text)

    # --- helpers ----------------------------------------------------------------------------------------

    def _write(self, prepare: Callable[[Writer], list[Event]], purpose: Purpose) -> None:
        self._orchestrator.mailbox.put(prepare, purpose).result()

    def _row(self, folder: Path) -> ProjectRow:
        with self._database.reader() as reader:
            return reader.find_project(str(folder))

    def _outcome(self, folder: Path, outcome: str, text: str = "") -> FolderResult:
        row = self._row(folder)
        warnings = list(self._warnings.get(folder, ()))
        return FolderResult(str(folder), row.slug, outcome, row.live_deployment, text, warnings)

    def _known(self) -> list[Path]:
        with self._database.reader() as reader:
            return [row.path for row in reader.projects()]

    def _wait_for(self, folder: Path, before: int) -> FolderResult:
        with self._delivered:
            self._delivered.wait_for(lambda: self._outcomes.get(folder, (0, None))[0] > before)
            return self._outcomes[folder][1]

    def _projects_in(self, folder: Path) -> tuple[tuple[Path, ...], FolderResult | None]:
        try:
            found = find_projects(folder)
        except OSError as error:
            return (), _no_project(folder, f"{folder} cannot be read: {error.strerror}")
        if folder not in found:
            self._parents.add(folder)
            self._watcher.watch_parent(folder)
        if not found:
            return (), _no_project(folder, f"{folder} holds no metis.config.yml; `skafd init` writes one")
        return found, None


def _no_project(folder: Path, text: str) -> FolderResult:
    return FolderResult(str(folder), None, "no project", None, text, [])
