"""What becomes of waits, and of what "since its last start" means, when the wall clock is set or the machine slept."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta

from skafd.engine.board import Board
from skafd.engine.endings import longest_wait
from skafd.engine.open_run import OpenJob
from skafd.model.decisions import ClockJumped
from skafd.model.ids import TaskKey


def follow(board: Board, event: ClockJumped) -> None:
    """Moves with the clock all that was counted from it; sleep takes nothing from the time of a run."""
    board.move_retries(lambda at, key: _move_retry(board, key, at + event.stepped))
    for run in board.open_runs():
        run.extended += event.stepped + event.asleep
    board.move_deadlines(lambda at, _: at + event.stepped + event.asleep)
    board.admission.move_queue(event.stepped)
    board.gathering.move(event.stepped)
    for (project, _), history in list(board.histories.items()):
        moved = replace(
            history,
            last_started_at=_plus(history.last_started_at, event.stepped),
            last_succeeded_at=_plus(history.last_succeeded_at, event.stepped),
        )
        board.put_history(project, moved)


def distrust_future(board: Board, now: datetime) -> None:
    """After a restart: what lies ahead of the clock was written before somebody set it back."""
    board.move_retries(lambda at, key: _move_retry(board, key, min(at, now + _longest_wait(board, key))))
    board.move_deadlines(lambda at, seconds: min(at, now + timedelta(seconds=seconds)))
    board.admission.distrust_future(now)
    board.gathering.distrust_future(now)
    for (project, _), history in list(board.histories.items()):
        started_at, succeeded_at = _not_after(history.last_started_at, now), _not_after(history.last_succeeded_at, now)
        if (started_at, succeeded_at) != (history.last_started_at, history.last_succeeded_at):
            board.put_history(project, replace(history, last_started_at=started_at, last_succeeded_at=succeeded_at))


def _move_retry(board: Board, key: TaskKey, at: datetime) -> datetime:
    open_job = _open_job(board, key)
    open_job.tasks[key.instance] = replace(open_job.tasks[key.instance], not_before=at)
    return at


def _longest_wait(board: Board, key: TaskKey) -> timedelta:
    open_job = _open_job(board, key)
    task = open_job.tasks[key.instance]
    return longest_wait(open_job.job_of(task).retry, task)


def _open_job(board: Board, key: TaskKey) -> OpenJob:
    open_job = board.find_job(key)
    assert open_job is not None, "what waits for a retry is in an open run"
    return open_job


def _plus(at: datetime | None, stepped: timedelta) -> datetime | None:
    return None if at is None else at + stepped


def _not_after(at: datetime | None, now: datetime) -> datetime | None:
    return None if at is None else min(at, now)
