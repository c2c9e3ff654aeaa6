"""Jobs that never begin: each of them for what became of a job before it."""

from __future__ import annotations

from skafd.model.states import TaskState
from tests.support.simulated.runs import PASSED_OVER, Share, StoredRun


def check_given_up(run: StoredRun, share: Share, new: TaskState, reason: str) -> None:
    """A task ends that has not begun, and nobody asked for it."""
    before = [run.shares[one] for one in share.job.dependencies if one in run.shares]
    if new is TaskState.UPSTREAM_FAILED:
        culprits = [one for one in before if one.caught + one.upstream_failed > 0 and not one.has_passed]
        assert culprits, f"{share.job.id} of {run.run.key} did not begin, and nothing failed before it"
    elif new is TaskState.SKIPPED and not reason.startswith(PASSED_OVER) and "condition" not in reason:
        if reason.startswith("waits for "):
            assert all(one.ended == one.tasks or one.has_passed for one in before), f"{run.run.key} has not come so far"
        else:
            assert any(one.skipped for one in before), f"{share.job.id} of {run.run.key} is skipped for nothing"
