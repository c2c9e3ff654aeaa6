"""Runs that take longer than their project's timeout."""

from __future__ import annotations

from skafd.engine.board import Board
from skafd.engine.draft import Draft
from skafd.engine.moves import end_by_request
from skafd.engine.open_run import OpenRun
from skafd.units import format_duration

OVER_TIME = "the run took longer than its timeout of"
"""So the reason of a task begins that was ended for it: that makes the run a failure, also after a restart."""


def end_over_time(board: Board, draft: Draft) -> None:
    """Ends what has not ended of the runs whose time is over; what runs at the end of a run is left to do so."""
    for run in board.take_over_time(draft.now):
        run.is_over_time = True
        _end(board, draft, run)


def _end(board: Board, draft: Draft, run: OpenRun) -> None:
    reason = f"{OVER_TIME} {format_duration(run.deployment.config.timeout_seconds or 0)}"
    for open_job in run.jobs.values():
        for task in list(open_job.tasks) if not open_job.job.always else ():
            end_by_request(board, draft, open_job, task.key.instance, reason)
