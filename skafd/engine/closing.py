"""What follows when the last task of a job in a run has ended: its dependents, its successor in line, its run."""

from __future__ import annotations

from skafd.engine import happening
from skafd.engine.board import Board
from skafd.engine.draft import Draft
from skafd.engine.moves import release
from skafd.engine.open_run import Blame, OpenJob, OpenRun
from skafd.engine.readiness import check
from skafd.engine.requests import restart_job
from skafd.engine.timeouts import OVER_TIME
from skafd.model.states import OWN_FAILURES, TaskState


def settle(board: Board, draft: Draft) -> None:
    """Follows every consequence to its end; a chain of any length, without recursion."""
    while draft.closed or draft.enough or draft.to_release or draft.to_check or draft.happened:
        if draft.closed:
            _close(board, draft, draft.closed.popleft())
        elif draft.enough:
            _tell_early(draft, draft.enough.popleft())
        elif draft.to_release:
            release(board, draft, draft.to_release.popleft())
        elif draft.to_check:
            check(board, draft, draft.to_check.popleft())
        else:
            happening.take(board, draft, draft.happened.popleft())


def tell_dependents(open_job: OpenJob) -> None:
    """Counts a job in those that depend on it, once: when enough of it succeeded, or all of it has ended.

    What runs at the end of the run waits for the end in any case.
    """
    blame = None if open_job.has_share else _blame_of(open_job)
    for dependent in open_job.dependents:
        if open_job.open_tasks if dependent.job.always else open_job.has_told:
            continue
        dependent.undecided -= 1
        dependent.passed += blame is None
        dependent.blame = dependent.blame or blame
    open_job.has_told = True


def tell_run(open_job: OpenJob) -> None:
    """Counts an ended job in what its run comes to."""
    run = open_job.run
    is_forgiven = open_job.has_share or (open_job.job.catch and not is_upstream_failed(open_job))
    run.has_failed |= has_failed(open_job) and not is_forgiven
    if open_job.ended[TaskState.CANCELLED]:
        run.has_cancelled = True
        run.has_failed |= any(OVER_TIME in task.reason for task in open_job.tasks)


def _close(board: Board, draft: Draft, open_job: OpenJob) -> None:
    open_job.run.open_jobs -= 1
    board.awaiting.remove(open_job)
    if open_job.ended[TaskState.SUCCEEDED] == len(open_job.tasks):
        _note_success(board, draft, open_job)
    tell_run(open_job)
    tell_dependents(open_job)
    draft.to_check.extend(open_job.dependents)
    successor = board.lines.leave(open_job)
    if successor is not None:
        draft.to_check.append(successor)
    if open_job.must_restart:
        restart_job(board, draft, open_job)
    if not open_job.run.open_jobs:
        _end_run(board, draft, open_job.run)


def _tell_early(draft: Draft, open_job: OpenJob) -> None:
    if not open_job.has_told:
        tell_dependents(open_job)
        draft.to_check.extend(open_job.dependents)


def _note_success(board: Board, draft: Draft, open_job: OpenJob) -> None:
    history = board.history(open_job.project, open_job.job.id)
    board.put_history(open_job.project, history.succeeded(draft.now))
    draft.to_check.extend(board.awaiting.on(open_job.project, open_job.job.id))
    happening.job_succeeded(board, draft, open_job)


def _end_run(board: Board, draft: Draft, run: OpenRun) -> None:
    draft.end_run(run)
    board.remove_run(run)
    happening.run_ended(board, draft, run)


def has_failed(open_job: OpenJob) -> bool:
    """An instance of it ended as nobody wanted."""
    return open_job.failed > 0


def is_upstream_failed(open_job: OpenJob) -> bool:
    """Something before it failed, and nothing of its own: in a flow, tasks may not begin for others of it that failed.

    Not all of its tasks need have waited for that: somebody may have cancelled or skipped one of them before.
    """
    return 0 < open_job.ended[TaskState.UPSTREAM_FAILED] == open_job.failed


def _blame_of(open_job: OpenJob) -> Blame | None:
    """What keeps the dependents of an ended job from starting; None when nothing does."""
    name = open_job.job.name
    if is_upstream_failed(open_job):
        return _pass_on(open_job, TaskState.UPSTREAM_FAILED, _reason_of(open_job, TaskState.UPSTREAM_FAILED))
    if has_failed(open_job):
        culprit = next(task for task in open_job.tasks if task.state in OWN_FAILURES)
        reason = f"'{name}' failed: {culprit.reason}"
        if open_job.job.need < 1:
            succeeded = open_job.ended[TaskState.SUCCEEDED]
            reason += f"; {succeeded} of {len(open_job.tasks)} succeeded, and {open_job.job.need:.0%} is needed"
        return None if open_job.job.catch else Blame(TaskState.UPSTREAM_FAILED, reason)
    if open_job.ended[TaskState.CANCELLED]:
        return _pass_on(open_job, TaskState.CANCELLED, f"'{name}' was cancelled")
    if open_job.ended[TaskState.SKIPPED]:
        return _pass_on(open_job, TaskState.SKIPPED, f"'{name}' was skipped")
    return None


def _pass_on(open_job: OpenJob, state: TaskState, reason: str) -> Blame:
    """The blame that the job itself got, so that the first culprit is named all the way down."""
    if open_job.blame is not None and open_job.blame.state is state:
        return open_job.blame
    return Blame(state, reason)


def _reason_of(open_job: OpenJob, state: TaskState) -> str:
    return next(task.reason for task in open_job.tasks if task.state is state)
