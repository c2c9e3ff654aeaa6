"""Jobs that do not end (`type: service`): each has a run of its own, and is started again whenever it ends."""

from __future__ import annotations

from datetime import timedelta

from skafd.engine.board import Board
from skafd.engine.draft import Draft
from skafd.engine.moves import end_by_request
from skafd.engine.open_run import OpenJob
from skafd.engine.requests import RESTARTED, request_run
from skafd.model.decisions import RunRequested
from skafd.model.deployment import Deployment
from skafd.model.ids import ProjectId
from skafd.model.outcome import Outcome, state_of
from skafd.model.project import OnDeploy
from skafd.model.run import Cause, Task
from skafd.model.states import TaskState

_FIRST_PAUSE_SECONDS, _LONGEST_PAUSE_SECONDS = 0.5, 60.0
_STABLE = timedelta(seconds=60)
"""Who ran so long and then ended begins again with the shortest pause."""
_MOST_DOUBLINGS = 16


def is_started_again(open_job: OpenJob, task: Task, outcome: Outcome) -> bool:
    """However it ended, also well, unless its end was asked for."""
    return open_job.job_of(task).is_service and state_of(outcome) is not TaskState.CANCELLED


def pause_of(draft: Draft, task: Task) -> timedelta:
    """Between its end and its next start: twice as long after each one, a minute at most."""
    ran = draft.now - task.changed_at if task.state is TaskState.RUNNING and task.changed_at else timedelta()
    doublings = 0 if ran >= _STABLE else min(task.attempt - 1, _MOST_DOUBLINGS)
    return timedelta(seconds=min(_FIRST_PAUSE_SECONDS * 2**doublings, _LONGEST_PAUSE_SECONDS))


def end_older_services(board: Board, draft: Draft, deployment: Deployment) -> None:
    """Those of another deployment: the one that is live now takes their place when they have ended."""
    for open_job, task in list(board.open_tasks(deployment.project)):
        is_older = open_job.run.deployment.number != deployment.number
        if open_job.job.is_service and is_older and not task.state.is_terminal:
            end_by_request(board, draft, open_job, task.key.instance, f"{RESTARTED}{deployment.number}")


def end_services(board: Board, draft: Draft, project: ProjectId, reason: str) -> None:
    """All of a project."""
    for open_job, task in list(board.open_tasks(project)):
        if open_job.job.is_service and not task.state.is_terminal:
            end_by_request(board, draft, open_job, task.key.instance, reason)


def start_services(board: Board, draft: Draft, deployment: Deployment, cause: Cause) -> None:
    """A run for each: it never ends by itself, and nothing else is to wait for that."""
    for job in deployment.config.jobs:
        if job.is_service and job.on_deploy is OnDeploy.RUN:
            request_run(board, draft, RunRequested(deployment.project, cause, (job.id,), only=True))
