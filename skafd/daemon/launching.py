"""From an attempt that the engine wants started to the specification that a supervisor carries out."""

from __future__ import annotations

import hashlib
import re
from collections import Counter
from collections.abc import Iterable
from pathlib import Path

from skafd.daemon.commanding import commands_of
from skafd.daemon.facts import ProjectFacts
from skafd.daemon.for_jobs.access import JobsAccess
from skafd.daemon.surroundings import OUTPUT, inherited_environment, job_environment, particular_environment
from skafd.environments.programs import Surroundings
from skafd.errors import SandboxError
from skafd.home import Home
from skafd.machine.accounts import AS_SKAFD, Account
from skafd.model.deployment import Deployment
from skafd.model.ids import AttemptKey, JobId
from skafd.model.particulars import Particulars
from skafd.model.project import Job
from skafd.model.run import Run
from skafd.sandbox.spec import AttemptSpec, ResourceLimits

PROCESSES_PER_ATTEMPT = 4096
"""Far above what a job needs, far below what a fork bomb would take."""
_LONGEST_NAME = 80


def job_folders(jobs: Iterable[Job]) -> dict[JobId, str]:
    """Each job's name made fit for a path; with a piece of its id where the name alone is not unique."""
    names = {job.id: _fit(job.name) for job in jobs}
    counted = Counter(names.values())
    return {job: name if counted[name] == 1 else f"{name}-{_digest(job)[:8]}" for job, name in names.items()}


def attempt_folder(home: Home, slug: str, job_folder: str, attempt: AttemptKey) -> Path:
    """`runs/<project>/<number>/<job>.<instance>/<attempt>`."""
    task = attempt.task
    return home.runs / slug / str(task.run.number) / f"{job_folder}.{task.instance}" / str(attempt.number)


def attempt_spec(
    home: Home,
    facts: ProjectFacts,
    deployment: Deployment,
    run: Run,
    job: Job,
    folder: Path,
    attempt: AttemptKey,
    particulars: Particulars,
    *,
    access: JobsAccess,
    account: Account = AS_SKAFD,
) -> AttemptSpec:
    """Everything that the supervisor needs. Raises SandboxError when the deployment or its environment is gone."""
    snapshot = home.deployments / facts.slug / deployment.snapshot_hash
    environment = home.environments / deployment.environment_of(job.id)
    for needed in (snapshot, environment):
        if not needed.is_dir():
            raise SandboxError(f"{needed} is gone", "save the project again to make a new deployment")
    limits = particulars.limits
    inherited = inherited_environment(account, folder / "work")
    variables = {
        **job_environment(attempt, run, deployment, job, facts.slug, environment, facts.variables, inherited=inherited),
        **particular_environment(particulars, folder),
    }
    variables |= access.variables(attempt, variables)
    return AttemptSpec(
        name=attempt_name(home, folder),
        directory=str(folder),
        snapshot=str(snapshot),
        links={path: str(facts.path / path) for path in deployment.linked},
        commands=commands_of(job, environment / "bin" / "python", Surroundings(snapshot, variables)),
        environment=variables,
        secrets=(*facts.variables.values(), variables["SKAFD_TOKEN"]),
        limits=ResourceLimits(
            memory_bytes=limits.memory_bytes,
            cpu=limits.cpu,
            pids=PROCESSES_PER_ATTEMPT,
            required=job.resources.required,
        ),
        timeout_seconds=job.timeout_seconds,
        notify_socket=str(home.supervisors_socket),
        cgroup_name=_digest(str(folder))[:16],
        user=account.user,
        writable=(OUTPUT,),
    )


def attempt_name(home: Home, folder: Path) -> str:
    """What launcher and supervisors call the attempt that has this folder. Raises ValueError for a foreign folder."""
    # Of a service: `services/data/3`; no project's folder has that name, since its slug is followed by a number.
    return str(folder.relative_to(home.path if folder.is_relative_to(home.services) else home.runs))


def _fit(name: str) -> str:
    fit = re.sub(r"[^A-Za-z0-9_.-]+", "-", name.strip())[:_LONGEST_NAME]
    return fit.strip(".-") or "job"


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode("utf-8", "surrogateescape")).hexdigest()
