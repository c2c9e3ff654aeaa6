"""Whether a job of an open run may start, must wait, or never will.

Dependencies in the run: all must have succeeded, or failed with `catch` (rule `any`: one). The first that did not
decides at once: a failure makes the job `upstream_failed`, a cancellation `cancelled`, a skip `skipped`.
Dependencies outside a scheduled or a deployment's run: they must have succeeded, in whatever run, since the job's own
last start; a caught failure is no success here. If not, a job that is due itself waits, and one that is here as a mere
dependent is skipped, for the run of that dependency has it too. Outside a run that was asked for they count as met.
"""

from __future__ import annotations

from collections.abc import Sequence

from skafd.engine.board import Board
from skafd.engine.conditions import ask_condition
from skafd.engine.draft import Draft
from skafd.engine.items import find_items
from skafd.engine.moves import end_all, release
from skafd.engine.open_run import Blame, OpenJob
from skafd.model.ids import JobId
from skafd.model.project import DependencyRule
from skafd.model.states import TaskState

_NAMED = 5


def check(board: Board, draft: Draft, open_job: OpenJob) -> None:
    """Queues the job's tasks, ends them, or leaves them waiting."""
    if open_job.is_released or not open_job.open_tasks:
        return
    blame = _find_blame(board, open_job)
    if blame is not None:
        end_all(board, draft, open_job, blame.state, blame.reason)
        board.awaiting.remove(open_job)
    elif board.lines.has_turn(open_job) and _inside_is_done(open_job):
        _check_outside(board, draft, open_job)


def waiting_reason(board: Board, open_job: OpenJob) -> str:
    """What a task that was just made waits for, in words; empty where nothing is in its way."""
    if open_job.is_released and open_job.is_set_up_first:
        return "waits until what succeeded before is taken over"
    if open_job.is_released:
        return f"waits for one of {open_job.job.max_parallel} instances to end"
    if open_job.is_asked:
        return "waits for its list of items"
    if open_job.job.always:
        return "waits for the other jobs of the run to end" if open_job.undecided else ""
    first = next(iter(board.lines.before(open_job.project, open_job.job.id)), open_job)
    if not board.lines.has_turn(open_job):
        return f"waits for run {first.run.key.number} to end, in which '{open_job.job.name}' has not"
    to_come = [one for one in open_job.inside if not open_job.run.jobs[one].has_told]
    dependencies = to_come or _unsatisfied(board, open_job)
    return f"waits for {_quote(open_job, dependencies)}" if dependencies else ""


def _find_blame(board: Board, open_job: OpenJob) -> Blame | None:
    if open_job.job.always:
        return None
    if open_job.blame is None or open_job.job.dependency_rule is DependencyRule.ALL:
        return open_job.blame
    if open_job.undecided or open_job.passed or _outside_suffices(board, open_job):
        return None
    return open_job.blame


def _inside_is_done(open_job: OpenJob) -> bool:
    if open_job.job.dependency_rule is DependencyRule.ANY and open_job.passed and not open_job.job.always:
        return True
    return open_job.undecided == 0


def _check_outside(board: Board, draft: Draft, open_job: OpenJob) -> None:
    if _outside_suffices(board, open_job):
        board.awaiting.remove(open_job)
        _go(board, draft, open_job)
    elif open_job.was_due and not _waits_in_vain(board, open_job):
        board.awaiting.add(open_job)
    else:
        end_all(board, draft, open_job, TaskState.SKIPPED, _skip_reason(board, open_job))
        board.awaiting.remove(open_job)


def _go(board: Board, draft: Draft, open_job: OpenJob) -> None:
    refusal = ask_condition(open_job)
    if refusal is not None:
        end_all(board, draft, open_job, refusal.state, refusal.reason)
    elif open_job.wants_items:
        find_items(board, draft, open_job)
    else:
        release(board, draft, open_job)


def _waits_in_vain(board: Board, open_job: OpenJob) -> bool:
    """Whether what it waits for is no longer a job of the project."""
    live = board.live.get(open_job.project)
    gone = [live is None or job not in live.graph.jobs for job in _unsatisfied(board, open_job)]
    return all(gone) if open_job.job.dependency_rule is DependencyRule.ANY else any(gone)


def _outside_suffices(board: Board, open_job: OpenJob) -> bool:
    unsatisfied = _unsatisfied(board, open_job)
    is_any = open_job.job.dependency_rule is DependencyRule.ANY and not open_job.job.always
    if is_any and (open_job.inside or open_job.outside):
        return open_job.passed > 0 or len(unsatisfied) < len(open_job.outside)
    return not unsatisfied


def _unsatisfied(board: Board, open_job: OpenJob) -> list[JobId]:
    """Dependencies outside the run that have not succeeded since the job's own last start."""
    started_at = board.history(open_job.project, open_job.job.id).last_started_at
    unsatisfied = []
    for dependency in open_job.outside:
        succeeded_at = board.history(open_job.project, dependency).last_succeeded_at
        if succeeded_at is None or (started_at is not None and succeeded_at <= started_at):
            unsatisfied.append(dependency)
    return unsatisfied


def _skip_reason(board: Board, open_job: OpenJob) -> str:
    started_at = board.history(open_job.project, open_job.job.id).last_started_at
    since = f"since {started_at:%Y-%m-%d %H:%M:%S} UTC" if started_at else "yet"
    return f"waits for {_quote(open_job, _unsatisfied(board, open_job))}, which has not succeeded {since}"


def _quote(open_job: OpenJob, jobs: Sequence[JobId]) -> str:
    names = ", ".join(f"'{open_job.run.graph.jobs[job].name}'" for job in jobs[:_NAMED])
    return names if len(jobs) <= _NAMED else f"{names} and {len(jobs) - _NAMED} more"
