"""Names of things, so that one kind cannot be passed for another.

Keys of runs, tasks and attempts are named tuples: the engine looks things up by them at every step.
"""

from __future__ import annotations

from typing import NamedTuple, NewType

ProjectId = NewType("ProjectId", str)
"""The `project_token`, else `path:` and a hash of the folder's path. Never shown; people use the slug."""

JobId = NewType("JobId", str)
"""`job_id` of the config, else the job's name."""

DeploymentNumber = NewType("DeploymentNumber", int)


class RunKey(NamedTuple):
    """One run of a project; numbers start at 1 and are never used again."""

    project: ProjectId
    number: int


class TaskKey(NamedTuple):
    """One instance of a job in a run; `instance` is 0 unless the job has several."""

    run: RunKey
    job: JobId
    instance: int = 0


class AttemptKey(NamedTuple):
    """One execution of a task; numbers start at 1."""

    task: TaskKey
    number: int
