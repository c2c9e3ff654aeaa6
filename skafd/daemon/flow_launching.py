"""What an attempt in a project with flows is given besides what every attempt gets."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path

from skafd.daemon.facts import ProjectFacts
from skafd.daemon.remembered import Remembered
from skafd.metaflow import datastore
from skafd.metaflow.provision import Provision
from skafd.metaflow.tasks import FlowTask, environment_of
from skafd.model.deployment import Deployment
from skafd.model.flow import step_environment
from skafd.model.ids import AttemptKey
from skafd.model.particulars import Particulars
from skafd.model.project import Job, Project
from skafd.model.run import Run

_ASKED: Remembered[int, tuple[Project, bool]] = Remembered(64)
"""By the identity of a config, which is that of no other as long as it is in here."""


def has_flows(config: Project) -> bool:
    """Whether some job of it is a flow. Asked at each launch, so it is remembered: a project may have many jobs."""
    return _ASKED.get(id(config), lambda: (config, any(job.flow is not None for job in config.jobs)))[1]


def environment_key(deployment: Deployment, job: Job, particulars: Particulars) -> str:
    """Of the environment in which the attempt runs: a step may have one of its own."""
    if particulars.step is not None:
        own = step_environment(job.id, particulars.step.token.step)
        return dict(deployment.job_environments).get(own) or deployment.environment_of(job.id)
    return deployment.environment_of(job.id)


def job_in_flow(job: Job, particulars: Particulars) -> Job:
    """The job as this attempt has it: in a flow, what its step says."""
    if job.flow is None or particulars.step is None:
        return job
    token = particulars.step.token
    processes = token.gang.size if token.gang is not None else 1
    return job.for_step(job.flow.step(token.step), max(processes, 1))


def project_links(facts: ProjectFacts, deployment: Deployment, variables: Mapping[str, str]) -> dict[str, str]:
    """All jobs of a project with flows see what its flows leave, where `python flow.py run` has it."""
    if not has_flows(deployment.config):
        return {}
    return {datastore.FOLDER: str(datastore.local_root(facts.path, variables))}


def project_variables(facts: ProjectFacts, deployment: Deployment, variables: Mapping[str, str]) -> dict[str, str]:
    """Who they are to Metaflow."""
    if not has_flows(deployment.config):
        return {}
    return {"METAFLOW_USER": datastore.user_of(facts.path, variables)}


def flow_task(
    facts: ProjectFacts,
    run: Run,
    job: Job,
    attempt: AttemptKey,
    particulars: Particulars,
    python: Path,
    provision: Provision,
    variables: Mapping[str, str],
) -> FlowTask | None:
    """The attempt as a task of its flow; None where it is none."""
    if job.flow is None or particulars.step is None:
        return None
    root = datastore.local_root(facts.path, variables)
    has_own = job.flow.step(particulars.step.token.step).wish is not None
    interpreter = Path(job.flow.python) if job.flow.python and not has_own else python
    return FlowTask(run, job, job.flow, attempt, particulars.step, interpreter, root, provision)


def flow_variables(task: FlowTask, facts: ProjectFacts, variables: Mapping[str, str]) -> dict[str, str]:
    """What is added to the environment of a flow's task."""
    path = [str(task.provision.extension), *filter(None, (variables.get("PYTHONPATH"),))]
    own = {}
    if task.flow.python == str(task.python):
        own = {"PATH": f"{task.python.parent}:{variables.get('PATH', os.defpath)}"}
    secrets = {"SKAFD_SECRET_NAMES": ",".join((*facts.variables, "SKAFD_TOKEN"))}
    return {**environment_of(task), "PYTHONPATH": ":".join(path), **secrets, **own}
