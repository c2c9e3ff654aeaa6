"""Names of things, so that one kind cannot be passed for another."""

from __future__ import annotations

from dataclasses import dataclass
from typing import NewType

ProjectId = NewType("ProjectId", str)
"""The `project_token`, else `path:` and a hash of the folder's path. Never shown; people use the slug."""

JobId = NewType("JobId", str)
"""`job_id` of the config, else the job's name."""

DeploymentNumber = NewType("DeploymentNumber", int)


@dataclass(frozen=True, slots=True, order=True)
class RunKey:
    """One run of a project; numbers start at 1 and are never used again."""

    project: ProjectId
    number: int


@dataclass(frozen=True, slots=True, order=True)
class TaskKey:
    """One instance of a job in a run; `instance` is 0 unless the job has several."""

    run: RunKey
    job: JobId
    instance: int = 0


@dataclass(frozen=True, slots=True, order=True)
class AttemptKey:
    """One execution of a task; numbers start at 1."""

    task: TaskKey
    number: int
