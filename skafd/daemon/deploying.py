"""Folders become deployments: watches them, deploys what settles, and goes back to earlier ones."""

from __future__ import annotations

import logging
import os
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

from skafd.api.shapes import FolderResult
from skafd.config import find_projects
from skafd.daemon.activities import text_of
from skafd.daemon.changes import Changes
from skafd.daemon.days import CONFIG
from skafd.daemon.delivering import Delivering
from skafd.daemon.environment_builds import EnvironmentBuilds
from skafd.daemon.flow_compiling import FlowCompiler
from skafd.daemon.inboxes import Inboxes
from skafd.daemon.orchestrator import Orchestrator
from skafd.daemon.outcomes import Outcomes
from skafd.daemon.parents import Parents
from skafd.daemon.postponed import Postponed
from skafd.daemon.releasing import Releasing
from skafd.daemon.required_programs import RequiredPrograms
from skafd.daemon.spark.requirements import check_spark
from skafd.daemon.statuses import Notes
from skafd.deploy.pipeline import Deployer, Lack
from skafd.deploy.release import Deployable, Result, may_pass
from skafd.deploy.snapshot import Snapshot
from skafd.deploy.watch import Watcher
from skafd.errors import DeployError, Refused, SkafdError
from skafd.home import Home
from skafd.machine.accounts import Accounts
from skafd.machine.enforcement import Enforcement
from skafd.model.decisions import Event
from skafd.model.deployment import Deployment
from skafd.model.environment import PreparedEnvironments
from skafd.model.limits import Capacity
from skafd.model.project import Project
from skafd.sandbox.cgroup.base import CgroupPlace
from skafd.store import Database, Purpose, Writer
from skafd.store.views import ProjectRow

log = logging.getLogger("skafd.deploying")


class Deploying:
    """Every folder that skafd knows. Methods may be called from any thread but the orchestrator's."""

    def __init__(
        self,
        home: Home,
        database: Database,
        orchestrator: Orchestrator,
        changes: Changes,
        capacity: Capacity,
        enforcement: Enforcement,
        place: CgroupPlace,
        builds: EnvironmentBuilds,
    ) -> None:
        self._home = home
        self._database = database
        self._mailbox = orchestrator.mailbox
        self._changes = changes
        self._outcomes = Outcomes()
        self._builds = builds
        self._releasing = Releasing(home, database, orchestrator.memory.facts, orchestrator.memory.agenda)
        accounts = Accounts(home.path, os.geteuid())
        self._postponed = Postponed(home.path, self._deploy_again)
        self._delivering = Delivering(
            database, self._mailbox, self._releasing, capacity, enforcement, accounts, self._postponed.add
        )
        self._projects: set[Path] = set()
        """Watched as projects."""
        self._parents = Parents(database, self._mailbox)
        self._programs = RequiredPrograms(home, database)
        self._deployer = Deployer(
            home.deployments,
            self._builds,
            self._slug_of,
            self._deliver,
            FlowCompiler(home, database, place, self._builds).complete,
            self._find_missing,
            self._builds.activities.copied,
        )
        self._inboxes = Inboxes(database, orchestrator, accounts)
        self._watcher = Watcher(self._on_settled)

    def resume(self) -> None:
        """Watches every known folder again, and deploys what was saved while nobody was looking."""
        with self._database.reader() as reader:
            known = [(project, reader.deployments(project.id)) for project in reader.projects()]
        self._inboxes.resume()
        for project, deployments in known:
            self._deployer.remember(project.path, deployments[0].snapshot_hash if deployments else None)
            self._take_on(project.path)
        for parent in self._parents.restore():
            self._watcher.watch_parent(parent)
            self._take_on_new(parent)
        self._builds.begin_mending()

    def up(self, folders: Sequence[Path], wait: bool, day: str | None) -> Iterator[FolderResult]:
        """Takes folders on (the known ones when none is named); with `wait` yields what became of each project.

        `day` is the one whose packages count for them from now on; `CONFIG`: what their configs say.
        """
        projects: dict[Path, None] = {}
        for folder in folders or sorted(self._projects):
            found, refusal = self._look_into(folder.resolve())
            if refusal:
                yield FolderResult(str(folder), None, "no project", None, refusal, [])
            projects.update(dict.fromkeys(found))
        before = self._outcomes.count
        for project in projects:
            if day is not None:
                self._set_day(project, day)
            self._take_on(project)
        for project in projects if wait else ():
            yield self._outcomes.wait_for(project, before)

    def roll_back(self, project: ProjectRow, deployment: Deployment) -> None:
        """Makes an earlier deployment live again; its environment is built anew where it is gone.

        Raises Refused when it is live already or its files were removed, BuildError.
        """
        name = f"deployment {deployment.number} of {project.slug}"
        if deployment.number == project.live_deployment:
            raise Refused(f"{name} is live already")
        if not (self._home.deployments / project.slug / deployment.snapshot_hash).is_dir():
            raise Refused(f"{name} is too old: its files were removed to make room", "save the project as it was then")
        self._builds.ensure(deployment, project)
        self._mailbox.put(
            lambda writer: self._releasing.take_back(writer, project, deployment), Purpose.ROLLBACK
        ).result()
        self._inboxes.follow(project, deployment.config)

    def forget(self, project: ProjectRow) -> None:
        """Watches its folder no more; nothing new of it starts, and what runs goes on. Its history stays."""
        self._watcher.unwatch(project.path)
        self._deployer.forget(project.path)
        self._projects.discard(project.path)
        self._mailbox.put(lambda writer: self._releasing.forget(writer, project), Purpose.FORGET).result()
        self._changes.announce()

    def notes_of(self, folder: Path) -> Notes:
        """What a screen shows besides what the database knows."""
        build = self._builds.activities.of(folder)
        return Notes(text_of(build) if build else None, build, self._delivering.warnings_of(folder))

    def close(self) -> None:
        """Stops watching, cancels builds, and lets go of who waits."""
        self._watcher.close()
        self._inboxes.close()
        self._postponed.close()
        self._builds.cancel()
        self._deployer.close()
        self._outcomes.close()

    # --- what the watcher and the deployer call ---------------------------------------------------------

    def _on_settled(self, folder: Path) -> None:
        try:
            if folder in self._parents:
                self._take_on_new(folder)
            else:
                self._deployer.deploy(folder)
        except Exception:
            # The thread that calls goes on for all other folders.
            log.exception("what changed in %s is looked at again when it changes again", folder)

    def _deliver(self, result: Result) -> None:
        """Raises DeployError when something that could have gone live did not: then the same content is tried again."""
        try:
            outcome = self._delivering.deliver(result)
            self._follow(result, outcome)
        except Exception as error:
            log.error("%s: %s", result.folder, error, exc_info=not isinstance(error, SkafdError))
            outcome = FolderResult(str(result.folder), None, "refused", None, str(error), [])
            if may_pass(error):
                self._postponed.add(result.folder)
        if outcome.outcome != "refused":
            self._postponed.forget(result.folder)
        self._outcomes.put(result.folder, outcome)
        self._announce(result.folder)
        if isinstance(result, Deployable) and outcome.outcome != "deployed":
            raise DeployError(outcome.text)

    def _slug_of(self, folder: Path, config: Project) -> str:
        """A project that is new is seen from now on, although its environment may take minutes."""
        slug = self._delivering.slug_of(folder, config)
        self._announce(folder)
        return slug

    def _announce(self, folder: Path) -> None:
        """Something that is written of its project changed."""
        try:
            with self._database.reader() as reader:
                self._changes.announce([reader.find_project(str(folder)).id])
        except SkafdError:
            # It was refused before it was known, or the database says nothing now.
            self._changes.announce()

    def _follow(self, result: Result, outcome: FolderResult) -> None:
        """Waits for the files that what is live now waits for."""
        if isinstance(result, Deployable) and outcome.outcome == "deployed":
            with self._database.reader() as reader:
                row = reader.find_project(str(result.folder))
            self._inboxes.follow(row, result.config)

    def _deploy_again(self, folder: Path) -> None:
        if folder in self._projects:
            self._deployer.deploy(folder)

    def _find_missing(
        self, folder: Path, snapshot: Snapshot, config: Project, environments: PreparedEnvironments
    ) -> Iterable[Lack]:
        check_spark(self._home, config, environments)
        return self._programs.find_missing(folder, snapshot, config, environments)

    # --- folders ----------------------------------------------------------------------------------------

    def _set_day(self, project: Path, day: str) -> None:
        def prepare(writer: Writer) -> list[Event]:
            writer.set_day_of_folder(project, None if day == CONFIG else day)
            return []

        self._mailbox.put(prepare, Purpose.PROJECT).result()
        # What is live may be made of other packages: the same content is deployed again.
        self._deployer.remember(project, None)

    def _take_on(self, project: Path) -> None:
        """Watches a project, and deploys it as it is now."""
        if project in self._parents:
            self._parents.discard(project)
        if project not in self._projects:
            self._projects.add(project)
            self._watcher.watch(project)
        self._deployer.deploy(project)

    def _take_on_new(self, parent: Path) -> None:
        for project in find_projects(parent):
            if project not in self._projects:
                self._take_on(project)

    def _look_into(self, folder: Path) -> tuple[tuple[Path, ...], str]:
        """The projects in a folder, or why there is none; watches one that is no project for those that appear."""
        found = find_projects(folder)
        if folder in found or (not found and folder in self._projects):
            return (folder,), ""  # A known project whose folder is gone: the deployment says so.
        if not folder.is_dir():
            return (), f"{folder} does not exist"
        self._parents.add(folder)
        self._projects.discard(folder)
        self._watcher.watch_parent(folder)
        if found:
            return found, ""
        return (), f"{folder} holds no metis.config.yml; `skafd init` writes one, and it is deployed when it appears"
