"""Whether every job of a project will find what its entrypoint is executed by, asked before it goes live."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from skafd.addons.spark.installation import find_installation
from skafd.daemon.surroundings import inherited_environment, set_environment
from skafd.deploy.pipeline import Lack
from skafd.deploy.snapshot import Snapshot
from skafd.environments.activation import activation_of
from skafd.environments.programs import Surroundings, find_missing
from skafd.errors import DeployError, NotFound, Refused, SandboxError
from skafd.home import Home
from skafd.machine.accounts import AS_SKAFD
from skafd.model.entrypoint import parse_entrypoint
from skafd.model.environment import PreparedEnvironments
from skafd.model.project import Job, JobType, Project
from skafd.store import Database


@dataclass(frozen=True, slots=True)
class RequiredPrograms:
    """Looks where the jobs would look: in their environments, and on the daemon's path."""

    home: Home
    database: Database

    def find_missing(
        self, folder: Path, snapshot: Snapshot, config: Project, environments: PreparedEnvironments
    ) -> Iterator[Lack]:
        """What each job lacks. Raises DeployError."""
        settings = self._settings(folder)
        spark_programs = self._spark_programs(config)
        for job in config.jobs:
            if job.type is JobType.METAFLOW:
                continue
            place = self.home.environments / dict(environments.others).get(job.id, environments.key)
            variables = _variables(place, config, job, settings)
            variables["PATH"] = os.pathsep.join((variables["PATH"], *spark_programs))
            there = Surroundings(snapshot.path, variables)
            for missing in find_missing(parse_entrypoint(job.entrypoint, job.language), there):
                yield Lack(job.id, missing.message, missing.hint)

    def _spark_programs(self, config: Project) -> list[str]:
        """Where `spark-submit` is for jobs whose environment has none."""
        if config.spark is None:
            return []
        try:
            return [str(find_installation(self.home).spark_home / "bin")]
        except Refused:
            return []  # All have their own.

    def _settings(self, folder: Path) -> Mapping[str, str]:
        """What `skafd env` has of the project."""
        with self.database.reader() as reader:
            try:
                return reader.variables(reader.find_project(str(folder)).id)
            except NotFound:
                return {}


def _variables(environment: Path, config: Project, job: Job, settings: Mapping[str, str]) -> dict[str, str]:
    """As much of the job's environment as says where programs are."""
    try:
        activated = activation_of(environment).apply(inherited_environment(AS_SKAFD), os.defpath)
    except SandboxError as error:
        raise DeployError(error.message, error.hint) from error
    return {**activated, **set_environment(config, job, settings)}
