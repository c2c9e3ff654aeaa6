"""What follows from an event from outside: each project in which jobs wait for it gets a run, or a cause why not."""

from __future__ import annotations

from skafd.engine.board import Board
from skafd.engine.draft import Draft
from skafd.engine.open_run import OpenJob, OpenRun
from skafd.engine.setting_off import set_off
from skafd.model.decisions import Happened, Heard
from skafd.model.flow import Flow, flow_run_id, flow_task_id
from skafd.model.project import TriggerKind
from skafd.model.states import RunState


def take(board: Board, draft: Draft, event: Happened) -> None:
    """Keeps the event, and makes the runs that it sets off."""
    heard = Heard(board.next_event_number(), event)
    draft.heard.append(heard)
    for project, waiting in board.listeners.of(event).items():
        live = board.live.get(project)
        if live is not None:
            set_off(board, draft, live, heard, waiting)


def job_succeeded(board: Board, draft: Draft, open_job: OpenJob) -> None:
    """All instances of a job have succeeded: others may wait for that."""
    if board.listeners.is_empty:
        return
    run, slug = open_job.run, open_job.run.deployment.slug
    names = tuple(dict.fromkeys((f"{slug}/{open_job.job.name.strip()}", f"{slug}/{open_job.job.id}")))
    if board.listeners.has_any(TriggerKind.PROJECT, names):
        detail = f"{slug}/{run.key.number}/{open_job.job.name.strip()} succeeded"
        draft.happened.append(_success(run, names, detail, (("JOB", open_job.job.name.strip()),)))
    if open_job.job.flow is not None:
        _flow_finished(board, draft, open_job, open_job.job.flow)


def _flow_finished(board: Board, draft: Draft, open_job: OpenJob, flow: Flow) -> None:
    """Flows may wait for others by their names, in whatever project those are."""
    run, slug = open_job.run, open_job.run.deployment.slug
    if not board.listeners.has_any(TriggerKind.EVENT, (flow.finish_event,)):
        return
    run_id = flow_run_id(run.key, run.created_at)
    last = next(task for task in reversed(open_job.tasks) if task.part == flow.end)
    path = f"{flow.name}/{run_id}/{flow.end}/{flow_task_id(last.key.instance)}"
    facts = (("FLOW_TASK", path), ("PROJECT", slug), ("RUN", f"{slug}/{run.key.number}"))
    about = (("flow_name", flow.name), ("run_id", run_id))
    detail = f"{slug}/{run.key.number}/{open_job.job.name.strip()} finished the flow {flow.name}"
    chain = run.cause.event.chain if run.cause.event else ()
    draft.happened.append(
        Happened(TriggerKind.EVENT, flow.finish_event, detail=detail, facts=facts, parameters=about, chain=chain)
    )


def run_ended(board: Board, draft: Draft, run: OpenRun) -> None:
    """The last task of a run has ended: others may wait for its success."""
    slug = run.deployment.slug
    if run.state is RunState.SUCCEEDED and board.listeners.has_any(TriggerKind.PROJECT, (slug,)):
        draft.happened.append(_success(run, (slug,), f"{slug}/{run.key.number} succeeded", ()))


def _success(run: OpenRun, names: tuple[str, ...], detail: str, more: tuple[tuple[str, str], ...]) -> Happened:
    slug = run.deployment.slug
    facts = (("PROJECT", slug), ("RUN", f"{slug}/{run.key.number}"), *more)
    chain = run.cause.event.chain if run.cause.event else ()
    return Happened(TriggerKind.PROJECT, names[0], aliases=names[1:], detail=detail, facts=facts, chain=chain)
