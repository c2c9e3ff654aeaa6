"""Flows are compiled when they are deployed: each is run once, in its environment, to say what it is."""

from __future__ import annotations

import os
import shutil
import tempfile
import threading
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

from skafd.daemon.environment_builds import EnvironmentBuilds, asking_steps
from skafd.daemon.surroundings import inherited_environment, own_environment
from skafd.deploy.snapshot import Snapshot
from skafd.errors import DeployError, Refused, SandboxError
from skafd.home import Home
from skafd.machine.accounts import Accounts
from skafd.metaflow import datastore
from skafd.metaflow.compiling import compile_flow
from skafd.metaflow.describing import SAID, Asking, describe, read_description
from skafd.metaflow.provision import provide
from skafd.model.entrypoint import Script, parse_entrypoint
from skafd.model.environment import PreparedEnvironments
from skafd.model.ids import JobId
from skafd.model.project import Job, JobType, Project
from skafd.sandbox.cgroup.base import CgroupPlace
from skafd.store import Database


def _together(jobs: PreparedEnvironments, steps: PreparedEnvironments, ids: list[JobId]) -> PreparedEnvironments:
    keys = dict(steps.others)
    added = tuple((step, keys.get(step, steps.key)) for step in ids)
    return replace(jobs, others=(*jobs.others, *added), locks=tuple(dict((*jobs.locks, *steps.locks)).items()))


class FlowCompiler:
    """For the deployer's threads."""

    def __init__(self, home: Home, database: Database, place: CgroupPlace, builds: EnvironmentBuilds) -> None:
        self._builds = builds
        self._home = home
        self._database = database
        self._place = place

    def complete(
        self,
        folder: Path,
        snapshot: Snapshot,
        config: Project,
        environments: PreparedEnvironments,
        cancelled: threading.Event,
    ) -> tuple[Project, PreparedEnvironments]:
        """The config with what its flows say of themselves, and the environments that their steps have of their own.

        Raises DeployError, with the line of the flow's file.
        """
        if not any(job.type is JobType.METAFLOW for job in config.jobs):
            return config, environments
        with self._database.reader() as reader:
            variables = reader.variables(reader.find_project(str(folder)).id)
        keys = dict(environments.others)

        def compiled(job: Job) -> Job:
            environment = self._home.environments / keys.get(job.id, environments.key)
            return self._compile(folder, snapshot, config, job, environment, variables)

        jobs = tuple(compiled(job) if job.type is JobType.METAFLOW else job for job in config.jobs)
        asking = tuple(one for job in jobs for one in asking_steps(job))
        if asking:
            made = self._builds.prepare(folder, snapshot.path, replace(config, jobs=asking), cancelled)
            environments = _together(environments, made, [job.id for job in asking])
        return replace(config, jobs=jobs), environments

    def _compile(
        self,
        folder: Path,
        snapshot: Snapshot,
        config: Project,
        job: Job,
        environment: Path,
        variables: Mapping[str, str],
    ) -> Job:
        script = parse_entrypoint(job.entrypoint, job.language)[0]
        assert isinstance(script, Script), "the config was checked"
        said = snapshot.path / SAID
        if said.is_file():
            return compile_flow(job, read_description(said), script.path, script.arguments)
        temporary = Path(tempfile.mkdtemp(prefix="flow-", dir=self._home.path))
        temporary.chmod(0o711)  # Its user may pass through it, to a folder that is closed to all others.
        try:
            asking = self._asking(temporary / "1", folder, snapshot, config, job, environment, variables)
            return compile_flow(job, describe(asking, script), script.path, script.arguments)
        except (OSError, SandboxError, Refused) as error:
            raise DeployError(f"{script.path} could not be run to say what flow it is: {error}") from error
        finally:
            shutil.rmtree(temporary, ignore_errors=True)

    def _asking(
        self,
        directory: Path,
        folder: Path,
        snapshot: Snapshot,
        config: Project,
        job: Job,
        environment: Path,
        variables: Mapping[str, str],
    ) -> Asking:
        account = Accounts(self._home.path, os.geteuid()).of(folder, config.run_as)
        inherited = inherited_environment(account, directory / "work")
        own = own_environment(config, job, environment, variables, inherited)
        own["METAFLOW_USER"] = datastore.user_of(folder, own)
        root = datastore.local_root(folder, own)
        return Asking(
            directory=directory,
            python=environment / "bin" / "python",
            snapshot=snapshot.path,
            links={**{path: str(folder / path) for path in snapshot.linked}, datastore.FOLDER: str(root)},
            variables=own,
            place=self._place,
            extension=provide(self._home.sdk).extension,
            datastore=root,
            secrets=tuple(variables.values()),
            user=account.user,
        )
