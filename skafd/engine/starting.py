"""From the queue to the launcher, as far as the machine has room."""

from __future__ import annotations

from skafd.engine.board import Board
from skafd.engine.draft import Draft
from skafd.engine.moves import move
from skafd.engine.open_run import OpenJob
from skafd.model.ids import AttemptKey, TaskKey
from skafd.model.states import TaskState


def start_admitted(board: Board, draft: Draft) -> None:
    """Launches what admission lets go, and says of what was queued in this call and has to stay what it waits for."""
    for key in board.admission.admit(draft.now):
        open_job = board.find_job(key)
        assert open_job is not None, "a queued task is in an open run"
        _start(board, draft, open_job, key)
    for key, reason in board.admission.explain_each(draft.queued):
        open_job = board.find_job(key)
        assert open_job is not None, "a queued task is in an open run"
        open_job.tasks[key.instance] = open_job.tasks[key.instance].because(reason)
        draft.explain_queued(key, reason)


def _start(board: Board, draft: Draft, open_job: OpenJob, key: TaskKey) -> None:
    move(board, draft, open_job, key.instance, TaskState.STARTING, gpus=board.admission.devices(key))
    attempt = open_job.tasks[key.instance].attempt
    if attempt == 1:  # A retry is no new start: what has succeeded since the first one still counts.
        history = board.history(open_job.project, key.job)
        board.put_history(open_job.project, history.started(draft.now))
        # The start uses up what other runs of the job were counting on; they may now wait in vain.
        draft.to_check.extend(board.awaiting.of(open_job.project, key.job))
    draft.launches.append(AttemptKey(key, attempt))
