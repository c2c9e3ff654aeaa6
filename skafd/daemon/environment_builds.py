"""The environments of deployments, with what a screen shows of the builds that are going on."""

from __future__ import annotations

import logging
import os
import threading
from collections.abc import Iterator, Mapping
from dataclasses import replace
from pathlib import Path

from skafd.daemon.activities import Activities
from skafd.daemon.changes import Changes
from skafd.daemon.surroundings import inherited_environment
from skafd.environments import Asked, Environments
from skafd.environments.builder import Builder
from skafd.environments.notebook.layers import prepare_layers
from skafd.environments.runner import Runner
from skafd.environments.tool import settings_for_all
from skafd.errors import BuildError, NotFound, Refused, SkafdError
from skafd.home import Home
from skafd.machine.accounts import Accounts
from skafd.model.deployment import Deployment
from skafd.model.entrypoint import has_notebook
from skafd.model.environment import EnvironmentWish, Lock, PreparedEnvironments, arrange
from skafd.model.flow import step_environment
from skafd.model.ids import JobId
from skafd.model.owner import Owner
from skafd.model.project import Job, Project
from skafd.store import Database
from skafd.store.views import ProjectRow

log = logging.getLogger("skafd.builds")


class EnvironmentBuilds:
    """What the deployer needs of environments; remembers the last line of each build under way."""

    def __init__(self, home: Home, database: Database, changes: Changes, runner: Runner) -> None:
        self._deployments = home.deployments
        self._database = database
        self.activities = Activities(changes)
        """What is being built now."""
        self._cancelled = threading.Event()
        self._accounts = Accounts(home.path, os.geteuid())
        self._environments = Environments(
            home.environments, self.activities.say, runner=runner, measured=self.activities.measure
        )
        self._environments.discard_leftovers()

    def wanted_by(self, folder: Path, snapshot_folder: Path, config: Project) -> str:
        """The same text for all saves that want the same environments. Raises BuildError."""
        asked = self._asked(folder, snapshot_folder, config)
        return " ".join(f"{job}={self._environments.inputs_of(one)}" for job, one in asked.items())

    def prepare(
        self,
        folder: Path,
        snapshot_folder: Path,
        config: Project,
        cancelled: threading.Event,
        locks: Mapping[JobId, Lock] | None = None,
        layer_locks: Mapping[str, Lock] | None = None,
    ) -> PreparedEnvironments:
        """Returns when each job has its environment, made from its lock where there is one. Raises BuildError."""
        made = {}
        with self.activities.building(folder):
            for job, asked in self._asked(folder, snapshot_folder, config).items():
                made[job] = self._environments.prepare(asked, cancelled, (locks or {}).get(job))
            with_notebooks = [made[job.id] for job in config.jobs if has_notebook(job.entrypoint, job.language)]
            layers = {}
            if with_notebooks:
                whose = self._owner_of(folder, config)
                layers = prepare_layers(self._environments, folder, with_notebooks, cancelled, layer_locks or {}, whose)
        locked = {one.key: one.lock for one in (*made.values(), *layers.values()) if one.lock is not None}
        arranged = arrange(((job, one.key) for job, one in made.items()), locked.items())
        warnings = tuple(dict.fromkeys(text for one in made.values() for text in one.warnings))
        return replace(arranged, layers=tuple((name, one.key) for name, one in layers.items()), warnings=warnings)

    def ensure(self, deployment: Deployment, project: ProjectRow) -> None:
        """Makes the environments of an earlier deployment again where they are gone: the same packages.

        Raises BuildError.
        """
        if all(self._environments.find(key) for key in deployment.environment_keys):
            return
        snapshot = self._deployments / project.slug / deployment.snapshot_hash
        with self._database.reader() as reader:
            found = {key: reader.lock(key) for key in deployment.environment_keys}
        own = dict(deployment.job_environments)
        steps = (step for job in deployment.config.jobs for step in asking_steps(job) if step.id in own)
        jobs = (*deployment.config.jobs, *steps)
        locks = {job.id: lock for job in jobs if (lock := found[deployment.environment_of(job.id)]) is not None}
        layers = {name: lock for name, key in deployment.layers if (lock := found[key]) is not None}
        self.prepare(project.path, snapshot, replace(deployment.config, jobs=jobs), self._cancelled, locks, layers)

    def mend(self, deployment: Deployment) -> None:
        """`ensure`, for whoever has only the deployment. Raises BuildError, NotFound."""
        with self._database.reader() as reader:
            project = next((one for one in reader.projects() if one.id == deployment.project), None)
        if project is None:
            raise NotFound(f"the project of deployment {deployment.number} is not known any more")
        self.ensure(deployment, project)

    def is_whole(self, key: str) -> bool:
        """Whether the environment is there, with all its files."""
        return self._environments.is_usable(key)

    def begin_mending(self) -> None:
        """Makes again, in the background, what a live deployment needs and what is gone or broken."""
        threading.Thread(target=self._mend, name="skafd-mend", daemon=True).start()

    def _mend(self) -> None:
        with self._database.reader() as reader:
            projects = {project.id: project for project in reader.projects()}
            live = reader.live_deployments()
        for deployment in live:
            project = projects.get(deployment.project)
            if project is None or self._cancelled.is_set():
                continue
            try:
                self.ensure(deployment, project)
            except SkafdError as error:
                log.error("an environment of %s cannot be made again: %s", project.slug, error)

    def cancel(self) -> None:
        """Gives up what `ensure` builds."""
        self._cancelled.set()

    def _owner_of(self, folder: Path, config: Project) -> Builder | None:
        """Whose the project is, where its code is not to have our rights. Raises BuildError where nothing may run."""
        try:
            account = self._accounts.of(folder, config.run_as, self._last_owner_of(folder))
        except Refused as refusal:
            raise BuildError(refusal.message, refusal.hint) from refusal
        user = account.user
        if user is None:
            return None
        variables = {**inherited_environment(account), **settings_for_all(os.environ)}
        if account.home is None:
            del variables["HOME"]  # It gets one for the time of the build.
        return Builder(user.uid, user.gid, user.groups, tuple(variables.items()))

    def _last_owner_of(self, folder: Path) -> Owner | None:
        with self._database.reader() as reader:
            return next((row.owner for row in reader.projects() if row.path == folder), None)

    def _asked(self, folder: Path, snapshot_folder: Path, config: Project) -> dict[JobId, Asked]:
        """What each job wants; variables of the job go before those of the project."""
        owner = self._owner_of(folder, config)
        wanted = {job.id: (*config.environment, *job.environment) for job in config.jobs}
        with self._database.reader() as reader:
            by_hand = EnvironmentWish(resolve_as_of=reader.day_of_folder(folder))
        return {
            job.id: Asked(
                folder,
                snapshot_folder,
                by_hand.over(config.wish_of(job)),
                wanted[job.id],
                owner,
                is_fresh=not config.use_cache,
            )
            for job in config.jobs
        }


def asking_steps(job: Job) -> Iterator[Job]:
    """A job for each step of a flow that asks for an environment of its own, as who makes environments knows jobs."""
    for step in job.flow.steps if job.flow else ():
        if step.wish is not None:
            yield replace(job, id=step_environment(job.id, step.name), wish=step.wish, flow=None)
