"""From an attempt that the engine wants started to the specification that a supervisor carries out."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from skafd.daemon.surroundings import job_environment
from skafd.errors import SandboxError
from skafd.home import Home
from skafd.model.deployment import Deployment
from skafd.model.entrypoint import Command, Notebook, Script, Step, parse_entrypoint
from skafd.model.ids import AttemptKey
from skafd.model.project import Job, Project
from skafd.model.run import Run
from skafd.sandbox.spec import AttemptSpec, ResourceLimits

PROCESSES_PER_ATTEMPT = 4096
"""Far above what a job needs, far below what a fork bomb would take."""


@dataclass(frozen=True, slots=True)
class ProjectFacts:
    """What launching needs to know of a project besides its deployment."""

    slug: str
    path: Path
    variables: Mapping[str, str]


def attempt_folder(home: Home, slug: str, config: Project, attempt: AttemptKey) -> Path:
    """`runs/<project>/<number>/<job>.<instance>/<attempt>`."""
    task = attempt.task
    job = job_folder(config, config.job(task.job))
    return home.runs / slug / str(task.run.number) / f"{job}.{task.instance}" / str(attempt.number)


def job_folder(config: Project, job: Job) -> str:
    """The job's name made fit for a path; with a piece of its id where the name alone is not unique."""
    name = _fit(job.name)
    twins = [other for other in config.jobs if _fit(other.name) == name]
    if len(twins) == 1:
        return name
    return f"{name}-{hashlib.sha256(job.id.encode()).hexdigest()[:8]}"


def attempt_spec(home: Home, facts: ProjectFacts, deployment: Deployment, run: Run, attempt: AttemptKey) -> AttemptSpec:
    """Everything that the supervisor needs. Raises SandboxError when the deployment or its environment is gone."""
    job = deployment.config.job(attempt.task.job)
    snapshot = home.deployments / facts.slug / deployment.snapshot_hash
    environment = home.environments / deployment.environment_key
    for needed in (snapshot, environment):
        if not needed.is_dir():
            raise SandboxError(f"{needed} is gone", "save the project again to make a new deployment")
    folder = attempt_folder(home, facts.slug, deployment.config, attempt)
    limits = job.resources.limits
    return AttemptSpec(
        name=str(folder.relative_to(home.runs)),
        directory=str(folder),
        snapshot=str(snapshot),
        links={path: str(facts.path / path) for path in deployment.linked},
        commands=tuple(_argv(step, environment) for step in parse_entrypoint(job.entrypoint, job.language)),
        environment=job_environment(attempt, run, deployment, facts.slug, environment, facts.variables),
        secrets=tuple(facts.variables.values()),
        limits=ResourceLimits(
            memory_bytes=limits.memory_bytes,
            cpu=limits.cpu,
            pids=PROCESSES_PER_ATTEMPT,
            required=job.resources.required,
        ),
        timeout_seconds=job.timeout_seconds,
        notify_socket=str(home.supervisors_socket),
        cgroup_name=hashlib.sha256(str(folder).encode()).hexdigest()[:16],
    )


def _argv(step: Step, environment: Path) -> tuple[str, ...]:
    match step:
        case Script(path=path, arguments=arguments):
            return (str(environment / "bin" / "python"), path, *arguments)
        case Command(text=text):
            return ("/bin/sh", "-c", text)
        case Notebook(path=path):
            raise SandboxError(f"{path} is a notebook, which this version cannot run", "export it as a script")


def _fit(name: str) -> str:
    return re.sub(r"[^A-Za-z0-9_.-]+", "-", name.strip()).strip(".-") or "job"
