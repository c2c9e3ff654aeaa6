"""What the launcher and the record of a launch need to know of an attempt, from all who know a part of it."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from pathlib import Path

from skafd.daemon.abroad import Abroad
from skafd.daemon.facts import Facts, ProjectFacts
from skafd.daemon.flow_launching import environment_key
from skafd.daemon.for_jobs.access import JobsAccess
from skafd.daemon.keeping import Wanted
from skafd.daemon.lately import Lately
from skafd.daemon.launching import attempt_folder, attempt_spec, job_folders
from skafd.daemon.lookups import LookUp, find_paths
from skafd.daemon.on_ray import OnRay
from skafd.daemon.remembered import Remembered
from skafd.engine import Engine
from skafd.errors import SandboxError
from skafd.home import Home
from skafd.machine.accounts import Account, Accounts
from skafd.machine.confinement import find_bubblewrap, hidden_folders
from skafd.metaflow.provision import provide
from skafd.model.decisions import ItemsWanted
from skafd.model.deployment import Deployment
from skafd.model.ids import AttemptKey, DeploymentNumber, JobId, ProjectId
from skafd.model.project import Isolation, Job
from skafd.sandbox.identity import boot_id
from skafd.sandbox.spec import AttemptSpec
from skafd.sandbox.strict import Confinement
from skafd.sandbox.user import User
from skafd.store import Launching

CheckEnvironments = Callable[[Deployment], None]
"""Raises EnvironmentBroken where something is missing in an environment of the deployment, SandboxError."""
_MOST_DEPLOYMENTS = 64


@dataclass(frozen=True, slots=True)
class _Place:
    job: Job
    folder: str


class Launches:
    """For the orchestrator's thread alone. Each answer costs the same however large the run is."""

    def __init__(self, home: Home, facts: Facts, check_environments: CheckEnvironments) -> None:
        self._home = home
        self._check_environments = check_environments
        self._access = JobsAccess.prepare(home)
        self._provision = provide(home.sdk)
        self._facts = facts
        self._accounts = Accounts(home.path, os.geteuid())
        self._boot_id = boot_id()
        # It does not change any more, and os.environ decodes it anew whenever it is read.
        self._environ = dict(os.environ)
        self._on_ray = OnRay(home, facts, self._access, self._environ)
        self._account: Lately[tuple[ProjectId, DeploymentNumber], Account] = Lately()
        self._places: Remembered[tuple[ProjectId, DeploymentNumber], dict[JobId, _Place]]
        self._places = Remembered(_MOST_DEPLOYMENTS)

    def records(self, engine: Engine, attempts: Iterable[AttemptKey]) -> dict[AttemptKey, Launching]:
        """What is written of attempts that are about to be launched."""
        return {attempt: self._record(engine, attempt) for attempt in attempts}

    def spec(self, engine: Engine, attempt: AttemptKey) -> AttemptSpec:
        """What the supervisor is told. Raises SandboxError when something that it needs is gone, Refused."""
        run = engine.outline(attempt.task.run)
        if run is None:
            raise SandboxError(f"run {attempt.task.run.number} is not open")
        deployment = engine.deployment_of(run.key)
        self._check_environments(deployment)
        job = self._place(deployment, attempt.task.job).job
        folder = self._folder(deployment, attempt)
        particulars = engine.particulars(attempt.task)
        facts = self._facts.of(run.key.project)
        account = self._account_of(deployment, facts)
        spec = attempt_spec(
            self._home,
            facts,
            deployment,
            run,
            job,
            folder,
            attempt,
            particulars,
            access=self._access,
            provision=self._provision,
            account=account,
            environ=self._environ,
        )
        if job.ray is not None:
            return self._on_ray.spec(spec, job, job.ray, deployment, attempt, account)
        if job.isolation is Isolation.STRICT:
            return replace(spec, confinement=self._confine(deployment, facts))
        return spec

    def place_of(self, engine: Engine, attempt: AttemptKey) -> tuple[Deployment, Path, User | None]:
        """The deployment, the environment and the user of an attempt. Raises NotFound, Refused."""
        deployment = engine.deployment_of(attempt.task.run)
        job = self._place(deployment, attempt.task.job).job
        key = environment_key(deployment, job, engine.particulars(attempt.task))
        facts = self._facts.of(deployment.project)
        account = self._account_of(deployment, facts)
        return deployment, self._home.environments / key, account.user

    def abroad(self, engine: Engine, attempt: AttemptKey) -> Abroad | None:
        """How it is ended if it is not on this machine; None of one that is, or whose run is not open any more."""
        if engine.outline(attempt.task.run) is None:
            return None
        deployment = engine.deployment_of(attempt.task.run)
        job = self._place(deployment, attempt.task.job).job
        if job.ray is None:
            return None
        return self._on_ray.abroad(job, job.ray, deployment, self._folder(deployment, attempt), attempt)

    def wanted(self, engine: Engine, attempt: AttemptKey) -> Wanted:
        """The files that its job declares; none of a run that is not open any more."""
        if engine.outline(attempt.task.run) is None:
            return Wanted(())
        deployment = engine.deployment_of(attempt.task.run)
        job = self._place(deployment, attempt.task.job).job
        live = self._facts.of(attempt.task.run.project).path
        return Wanted(job.outputs, tuple(live / path for path in deployment.linked) if job.outputs else ())

    def lookup_of(self, engine: Engine, wanted: ItemsWanted) -> LookUp:
        """How to find the paths that an attempt of the job would find in its working folder."""
        deployment = engine.deployment_of(wanted.run)
        facts = self._facts.of(wanted.run.project)
        snapshot = self._home.deployments / facts.slug / deployment.snapshot_hash

        def look_up() -> tuple[str, ...]:
            # What `_account_of` remembers is for the orchestrator's thread; this is for another.
            user = self._accounts.of(facts.path, deployment.config.run_as, facts.owner).user
            return find_paths(wanted.pattern, snapshot, facts.path, deployment.linked, user)

        return look_up

    def _account_of(self, deployment: Deployment, facts: ProjectFacts) -> Account:
        version, wanted = (deployment.project, deployment.number), deployment.config.run_as
        return self._account.get(version, lambda: self._accounts.of(facts.path, wanted, facts.owner))

    def _confine(self, deployment: Deployment, facts: ProjectFacts) -> Confinement:
        hidden = hidden_folders(self._home.path, facts.path, self._facts.other_folders(deployment.project))
        # With those of steps of a flow, and with what executes notebooks.
        environments = [str(self._home.environments / key) for key in deployment.environment_keys]
        return Confinement(find_bubblewrap(), hidden, (*environments, str(self._home.jobs)))

    def _record(self, engine: Engine, attempt: AttemptKey) -> Launching:
        deployment = engine.deployment_of(attempt.task.run)
        limits = engine.particulars(attempt.task).limits
        return Launching(self._folder(deployment, attempt), limits, self._boot_id)

    def _folder(self, deployment: Deployment, attempt: AttemptKey) -> Path:
        slug = self._facts.of(deployment.project).slug
        return attempt_folder(self._home, slug, self._place(deployment, attempt.task.job).folder, attempt)

    def _place(self, deployment: Deployment, job: JobId) -> _Place:
        version = (deployment.project, deployment.number)
        return self._places.get(version, lambda: _places(deployment))[job]


def _places(deployment: Deployment) -> dict[JobId, _Place]:
    folders = job_folders(deployment.config.jobs)
    return {job.id: _Place(job, folders[job.id]) for job in deployment.config.jobs}
