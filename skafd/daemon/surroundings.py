"""The environment variables that a job sees."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from pathlib import Path

from skafd.environments.activation import activation_of
from skafd.machine.accounts import AS_SKAFD, Account
from skafd.model.deployment import Deployment
from skafd.model.ids import AttemptKey
from skafd.model.parameters import typed_value
from skafd.model.particulars import Particulars
from skafd.model.project import Job, Project
from skafd.model.run import Run

OUTPUT = "output.json"
"""In the attempt's folder, beside `exit.json`: what the job publishes."""
_NOT_INHERITED = (
    "SKAFD_",
    "PYTHON",
    "VIRTUAL_ENV",
    "CONDA_",
    "NOTIFY_SOCKET",
    "WATCHDOG_",
    "LISTEN_",
    "JOURNAL_",
    "INVOCATION_",
)
"""What is meant for the daemon: its own settings, its interpreter's, and what its service manager told it."""


_CERTIFICATES = ("SSL_CERT_FILE", "SSL_CERT_DIR", "REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE")
_LOGIN = frozenset(("PATH", "LANG", "LANGUAGE", "TZ", "LD_LIBRARY_PATH", "JAVA_HOME", *_CERTIFICATES))
"""What holds for all users of a machine. The rest of root's environment is root's own."""
_LOGIN_PREFIXES = ("LC_", "CUDA_", "NVIDIA_")


def inherited_environment(
    account: Account, work_folder: Path | None = None, environ: Mapping[str, str] = os.environ
) -> dict[str, str]:
    """What a job gets of the daemon's environment; for another user what a login would give, with that user's home.

    A user without a home has the working folder for one.
    """
    if account.user is None:
        return {name: value for name, value in environ.items() if not name.startswith(_NOT_INHERITED)}
    kept = {name: value for name, value in environ.items() if _holds_for_all(name)}
    home = account.home or str(work_folder or "/")
    return {**kept, "HOME": home, "USER": account.name, "LOGNAME": account.name, "SHELL": account.shell}


def _holds_for_all(name: str) -> bool:
    return name in _LOGIN or name.startswith(_LOGIN_PREFIXES) or name.lower().endswith("_proxy")


def job_environment(
    attempt: AttemptKey,
    run: Run,
    deployment: Deployment,
    job: Job,
    slug: str,
    environment_folder: Path,
    variables: Mapping[str, str],
    part: str = "",
    *,
    inherited: Mapping[str, str] | None = None,
) -> dict[str, str]:
    """Everything that exec gets; later layers win.

    They are the daemon's own, the environment's, the config's, `skafd env`, parameters, skafd's. Raises SandboxError.
    """
    inherited = inherited_environment(AS_SKAFD) if inherited is None else inherited
    return {
        **own_environment(deployment.config, job, environment_folder, variables, inherited),
        **_parameters(job, run),
        **_identity(attempt, run, deployment, job, slug, part),
    }


def own_environment(
    config: Project, job: Job, environment_folder: Path, variables: Mapping[str, str], inherited: Mapping[str, str]
) -> dict[str, str]:
    """What is the same in every run of a job. Raises SandboxError."""
    return {
        **activation_of(environment_folder).apply(inherited, os.defpath),
        "PYTHONUNBUFFERED": "1",
        **set_environment(config, job, variables),
    }


def set_environment(config: Project, job: Job, variables: Mapping[str, str]) -> dict[str, str]:
    """What people set for a job: in the config, there for the job alone, and by `skafd env`."""
    return {**dict(config.environment), **dict(job.environment), **variables}


def particular_environment(particulars: Particulars, folder: Path) -> dict[str, str]:
    """What differs between the attempts of a job."""
    found = {
        "SKAFD_INSTANCES": str(particulars.instances),
        "SKAFD_OUTPUT": f"{folder}/{OUTPUT}",
        "SKAFD_UPSTREAM_FAILED": ",".join(particulars.upstream_failed),
    }
    if particulars.item is not None:
        found["SKAFD_ITEM"] = particulars.item
    if particulars.gpus:
        found["CUDA_VISIBLE_DEVICES"] = ",".join(str(device) for device in particulars.gpus)
    return found


def _parameters(job: Job, run: Run) -> dict[str, str]:
    """Each as text, and all as JSON with their types."""
    types = {parameter.name: parameter.type for parameter in job.parameters}
    values = {parameter.name: parameter.default for parameter in job.parameters if parameter.default is not None}
    values.update(run.parameters)
    named = {f"SKAFD_PARAM_{name.upper().replace('-', '_')}": value for name, value in values.items()}
    typed = {name: typed_value(types.get(name, "string"), value) for name, value in values.items()}
    return {**named, "SKAFD_PARAMS": json.dumps(typed)}


def _identity(attempt: AttemptKey, run: Run, deployment: Deployment, job: Job, slug: str, part: str) -> dict[str, str]:
    instance = f"[{attempt.task.instance}]" if job.has_instances else ""
    occurrence = {"SKAFD_OCCURRENCE": run.cause.instant.isoformat()} if run.cause.instant else {}
    return {
        "SKAFD_PROJECT": slug,
        "SKAFD_RUN": f"{slug}/{run.key.number}",
        "SKAFD_TASK": f"{slug}/{run.key.number}/{job.name}{f'/{part}' if part else instance}",
        "SKAFD_JOB": job.name,
        "SKAFD_ATTEMPT": str(attempt.number),
        "SKAFD_INSTANCE": str(attempt.task.instance),
        "SKAFD_INSTANCES": str(job.parallelism),
        "SKAFD_DEPLOYMENT": str(deployment.number),
        "TASK_ID": str(job.id),
        "PROJECT_TOKEN": deployment.config.token or "",
        "SKAFOS_DEPLOYMENT_ID": str(deployment.number),
        **occurrence,
        **_event(run),
    }


def _event(run: Run) -> dict[str, str]:
    """What set off the run from outside."""
    event = run.cause.event
    if event is None:
        return {}
    facts = {"NUMBER": str(event.number), "KIND": event.kind.value, "NAME": event.name, **dict(event.facts)}
    return {f"SKAFD_EVENT_{name}": value for name, value in facts.items()}
