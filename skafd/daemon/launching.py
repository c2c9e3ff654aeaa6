"""From an attempt that the engine wants started to the specification that a supervisor carries out."""

from __future__ import annotations

import hashlib
import os
import re
from collections import Counter
from collections.abc import Iterable, Mapping
from pathlib import Path

from skafd.addons.data.on_spark.place import service_of
from skafd.daemon.commanding import Notebooks, commands_of
from skafd.daemon.facts import ProjectFacts
from skafd.daemon.flow_launching import (
    environment_key,
    flow_task,
    flow_variables,
    job_in_flow,
    project_links,
    project_variables,
)
from skafd.daemon.for_jobs.access import JobsAccess
from skafd.daemon.surroundings import OUTPUT, inherited_environment, job_environment, particular_environment
from skafd.environments.notebook.layers import RUNNER, kernel_layer
from skafd.environments.programs import Surroundings
from skafd.errors import SandboxError
from skafd.home import Home
from skafd.machine.accounts import AS_SKAFD, Account
from skafd.metaflow.provision import Provision
from skafd.metaflow.tasks import FlowTask, command_of
from skafd.model.deployment import Deployment
from skafd.model.entrypoint import has_notebook
from skafd.model.ids import AttemptKey, JobId
from skafd.model.limits import Limits
from skafd.model.particulars import Particulars
from skafd.model.project import Job
from skafd.model.run import Run
from skafd.sandbox.spec import AttemptSpec, ResourceLimits

PROCESSES_PER_ATTEMPT = 4096
"""Far above what a job needs, far below what a fork bomb would take."""
NOTEBOOKS = "notebooks"
"""In the attempt's folder: the executed ones."""
_LONGEST_NAME = 80


def job_folders(jobs: Iterable[Job]) -> dict[JobId, str]:
    """Each job's name made fit for a path; with a piece of its id where the name alone is not unique."""
    names = {job.id: _fit(job.name) for job in jobs}
    counted = Counter(names.values())
    return {job: name if counted[name] == 1 else f"{name}-{_digest(job)[:8]}" for job, name in names.items()}


def attempt_folder(home: Home, slug: str, job_folder: str, attempt: AttemptKey) -> Path:
    """`runs/<project>/<number>/<job>.<instance>/<attempt>`."""
    task = attempt.task
    # In one piece: pathlib takes ten times as long to put pieces together.
    return Path(f"{home.path}/runs/{slug}/{task.run.number}/{job_folder}.{task.instance}/{attempt.number}")


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
    provision: Provision,
    account: Account = AS_SKAFD,
    environ: Mapping[str, str] = os.environ,
) -> AttemptSpec:
    """Everything that the supervisor needs. Raises SandboxError when the deployment or its environment is gone.

    `environ` is the daemon's own environment.
    """
    snapshot = _existing(f"{home.path}/deployments/{facts.slug}/{deployment.snapshot_hash}")
    environment = _existing(f"{home.path}/environments/{environment_key(deployment, job, particulars)}")
    python, job = Path(f"{environment}/bin/python"), job_in_flow(job, particulars)
    part = particulars.step.part if particulars.step else ""
    inherited = inherited_environment(account, folder / "work", environ)
    known = facts.variables
    variables = {
        **job_environment(attempt, run, deployment, job, facts.slug, environment, known, part, inherited=inherited),
        **particular_environment(particulars, folder),
    }
    spark = deployment.config.spark
    queries = service_of(account.user) if spark is not None and spark.is_local else ""
    variables |= access.variables(attempt, variables, queries)
    variables |= project_variables(facts, deployment, variables)
    task = flow_task(facts, run, job, attempt, particulars, python, provision, variables)
    if task is not None:
        variables |= flow_variables(task, facts, variables)
    notebooks = _notebooks(home, deployment, job, folder, access)
    return AttemptSpec(
        name=attempt_name(home, folder),
        directory=str(folder),
        snapshot=str(snapshot),
        links={
            **{path: f"{facts.path}/{path}" for path in deployment.linked},
            **project_links(facts, deployment, variables),
        },
        beside=(job.flow.folder or None) if job.flow is not None else None,
        commands=_commands(job, task, python, Surroundings(snapshot, variables), notebooks),
        environment=variables,
        secrets=(*facts.variables.values(), variables["SKAFD_TOKEN"]),
        limits=_limits(particulars.limits, job.resources.required),
        timeout_seconds=job.timeout_seconds,
        grace_seconds=job.grace_seconds,
        notify_socket=str(home.supervisors_socket),
        cgroup_name=_digest(str(folder))[:16],
        user=account.user,
        writable=(OUTPUT, *((f"{NOTEBOOKS}/",) if notebooks else ())),
    )


def _existing(folder: str) -> Path:
    if not os.path.isdir(folder):  # noqa: PTH112 twice as fast
        raise SandboxError(f"{folder} is gone", "save the project again to make a new deployment")
    return Path(folder)


def _limits(limits: Limits, required: bool) -> ResourceLimits:
    return ResourceLimits(
        memory_bytes=limits.memory_bytes,
        cpu=limits.cpu,
        pids=PROCESSES_PER_ATTEMPT,
        swap_bytes=limits.swap_bytes,
        open_files=limits.open_files,
        disk_bytes=limits.disk_bytes,
        required=required,
    )


def _commands(
    job: Job, task: FlowTask | None, python: Path, there: Surroundings, notebooks: Notebooks | None
) -> tuple[tuple[str, ...], ...]:
    return (command_of(task),) if task else commands_of(job, python, there, notebooks)


def _notebooks(home: Home, deployment: Deployment, job: Job, folder: Path, access: JobsAccess) -> Notebooks | None:
    """What executes notebooks; None where the deployment has none, or was made before there was anything."""
    layers = {name: home.environments / key for name, key in deployment.layers}
    if RUNNER not in layers or not has_notebook(job.entrypoint, job.language):
        return None
    kernel = layers.get(kernel_layer(deployment.environment_of(job.id)))
    program = access.notebook_programs / "execute.py"
    return Notebooks(layers[RUNNER] / "bin" / "python", program, kernel, folder / NOTEBOOKS)


def attempt_name(home: Home, folder: Path) -> str:
    """What launcher and supervisors call the attempt that has this folder. Raises ValueError for a foreign folder."""
    # Of a service: `services/data/3`; no project's folder has that name, since its slug is followed by a number.
    text, root = str(folder), str(home.path)
    if text.startswith(f"{root}/services/"):
        return text.removeprefix(f"{root}/")
    if not text.startswith(f"{root}/runs/"):
        raise ValueError(f"{folder} is not in {home.runs}")
    return text.removeprefix(f"{root}/runs/")


def _fit(name: str) -> str:
    fit = re.sub(r"[^A-Za-z0-9_.-]+", "-", name.strip())[:_LONGEST_NAME]
    return fit.strip(".-") or "job"


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode("utf-8", "surrogateescape")).hexdigest()
