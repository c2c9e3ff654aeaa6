"""What a new deployment, or the end of a project's deployment, does to the runs there are."""

from __future__ import annotations

from dataclasses import replace

from skafd.engine.board import Board
from skafd.engine.draft import Draft
from skafd.engine.moves import end_by_request
from skafd.engine.requests import RESTARTED, request_run
from skafd.engine.services import end_older_services, end_services, start_services
from skafd.model.decisions import Deployed, ProjectForgotten, RunRequested, Unheeded
from skafd.model.deployment import Deployment
from skafd.model.ids import ProjectId
from skafd.model.project import UpdatePolicy
from skafd.model.run import Cause, CauseKind


def deploy(board: Board, draft: Draft, event: Deployed) -> None:
    """Goes live: applies `update_policy`, and the first time runs what runs once per deployment."""
    deployment = event.deployment
    board.put_live(deployment)
    _let_pass(board, draft, deployment.project, "its job waits for other events now")
    _reset_scheduled_runs(board, deployment.project)
    if deployment.config.update_policy is UpdatePolicy.RESTART_ALL:
        _end_older(board, draft, deployment)
    end_older_services(board, draft, deployment)
    draft.to_check.extend(board.awaiting.of(deployment.project))
    if not event.first_time:
        return
    cause = Cause(CauseKind.DEPLOY, detail=f"deployment {deployment.number}")
    request_run(board, draft, RunRequested(deployment.project, cause))
    start_services(board, draft, deployment, cause)


def forget(board: Board, draft: Draft, event: ProjectForgotten) -> None:
    """Nothing new starts: what has no process is cancelled, what has one goes on and is not retried; services end."""
    board.drop_live(event.project)
    _let_pass(board, draft, event.project, "the project is no longer deployed")
    end_services(board, draft, event.project, "the project is no longer deployed")
    for open_job, task in list(board.open_tasks(event.project)):
        if not task.state.is_alive:
            end_by_request(board, draft, open_job, task.key.instance, "the project is no longer deployed")


def _let_pass(board: Board, draft: Draft, project: ProjectId, cause: str) -> None:
    """Keeps no event any more that waits for others in vain."""
    live = board.live.get(project)
    for one in board.gathering.take_other(project, live.deployment.config if live else None):
        draft.unheeded.append(Unheeded(one.heard.number, project, one.job, cause, one.together))


def _reset_scheduled_runs(board: Board, project: ProjectId) -> None:
    for (owner, _), history in list(board.histories.items()):
        if owner == project and history.scheduled_runs:
            board.put_history(project, replace(history, scheduled_runs=0))


def _end_older(board: Board, draft: Draft, deployment: Deployment) -> None:
    for open_job, task in list(board.open_tasks(deployment.project)):
        if task.state.is_alive and open_job.run.deployment.number != deployment.number:
            end_by_request(board, draft, open_job, task.key.instance, f"{RESTARTED}{deployment.number}")
