"""Jobs on a Ray cluster, as launching and supervising see them."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

from skafd.daemon.abroad import Abroad
from skafd.daemon.facts import Facts
from skafd.daemon.for_jobs.access import JobsAccess
from skafd.daemon.settings import jobs_endpoint
from skafd.daemon.surroundings import inherited_environment, set_environment
from skafd.errors import SandboxError
from skafd.home import Home
from skafd.machine.accounts import Account
from skafd.model.compute import RayCompute
from skafd.model.deployment import Deployment
from skafd.model.ids import AttemptKey
from skafd.model.project import Job
from skafd.ray.attendant.ending import STOP_SECONDS
from skafd.ray.attending import Place, attend_command, stop_command
from skafd.sandbox.spec import AttemptSpec


class OnRay:
    """For the orchestrator's thread alone."""

    def __init__(self, home: Home, facts: Facts, access: JobsAccess, environ: Mapping[str, str]) -> None:
        self._home = home
        self._facts = facts
        self._access = access
        self._environ = environ

    def spec(
        self,
        spec: AttemptSpec,
        job: Job,
        ray: RayCompute,
        deployment: Deployment,
        attempt: AttemptKey,
        account: Account,
    ) -> AttemptSpec:
        """The job runs on the cluster, and here what stands for it. Raises SandboxError."""
        key = deployment.environment_of(job.id)
        inherited = inherited_environment(account, environ=self._environ)
        python = self._home.environments / key / "bin" / "python"
        door = jobs_endpoint(self._environ)
        place, lock = Place(python, self._access.attendant, self._access.sdk, door), self._facts.lock(key)
        folder = Path(spec.directory)
        command = attend_command(ray, job, attempt, folder, place, lock, spec.environment, inherited)
        # What the cluster takes to end a job is not the job's own time.
        return replace(spec, commands=(command,), grace_seconds=spec.grace_seconds + STOP_SECONDS)

    def abroad(
        self, job: Job, ray: RayCompute, deployment: Deployment, folder: Path, attempt: AttemptKey
    ) -> Abroad | None:
        """How it is ended; None where nobody says any more where the cluster is."""
        variables = set_environment(deployment.config, job, self._facts.of(deployment.project).variables)
        # Not the job's interpreter: this is done with the daemon's rights.
        place = Place(Path(sys.executable), self._access.attendant, self._access.sdk)
        try:
            command = stop_command(ray, folder, attempt.number, place, variables)
        except SandboxError:
            return None
        return Abroad(command, {name: value for name, value in variables.items() if name.startswith("RAY_")})
