"""What conditions say, worked out a second time; they are asked when a job becomes ready."""

from __future__ import annotations

from skafd.model.project import Job
from skafd.model.states import TaskState
from tests.support.simulated.projects import SIZE
from tests.support.simulated.runs import Share, StoredRun


def check_asked(run: StoredRun, job: Job) -> None:
    """A job that begins: its condition holds."""
    if job.when:
        assert _holds(run, job) is not False, f"{job.when} does not hold in {run.run.key}"


def check_skipped(run: StoredRun, job: Job, state: TaskState, reason: str) -> None:
    """A job that is passed by for its condition: that does not hold."""
    if job.when and state is TaskState.SKIPPED and "condition" in reason:
        assert _holds(run, job) is not True, f"{job.when} holds in {run.run.key}"


def _holds(run: StoredRun, job: Job) -> bool | None:
    """None where this cannot tell."""
    if job.when.startswith("params."):
        return int(dict(run.run.parameters).get(SIZE, "2")) > 2
    _, name, rest = job.when.split(".", 2)
    share = next((one for one in run.shares.values() if one.job.id == name), None)
    if share is None or share.ended < share.tasks:
        return None
    return _failed(share) == 0 if rest.startswith("failed") else _has_succeeded(share)


def _failed(share: Share) -> int:
    return share.caught + share.upstream_failed


def _has_succeeded(share: Share) -> bool:
    """One word for all instances: a success only where all of them are."""
    return share.succeeded == share.tasks
