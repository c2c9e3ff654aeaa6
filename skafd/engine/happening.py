"""What follows from an event from outside: each project in which jobs wait for it gets a run, or a cause why not."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from skafd.engine.board import Board, Live
from skafd.engine.draft import Draft
from skafd.engine.open_run import OpenJob, OpenRun
from skafd.engine.requests import request_run
from skafd.model.decisions import Happened, Heard, RunRequested, Unheeded
from skafd.model.flow import Flow, flow_run_id, flow_task_id
from skafd.model.ids import JobId
from skafd.model.missed import MissedCause
from skafd.model.parameters import has_type
from skafd.model.project import Parameter, Trigger, TriggerKind
from skafd.model.run import Cause, CauseKind, EventCause
from skafd.model.states import RunState


def take(board: Board, draft: Draft, event: Happened) -> None:
    """Keeps the event, and makes the runs that it sets off."""
    heard = Heard(board.next_event_number(), event)
    draft.heard.append(heard)
    for project, triggers in board.listeners.of(event).items():
        live = board.live.get(project)
        if live is not None:
            _set_off(board, draft, live, heard, triggers)


def job_succeeded(board: Board, draft: Draft, open_job: OpenJob) -> None:
    """All instances of a job have succeeded: others may wait for that."""
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


def _set_off(board: Board, draft: Draft, live: Live, heard: Heard, triggers: Mapping[JobId, Trigger]) -> None:
    """One run for all jobs of a project that wait for the event."""
    event, project = heard.event, live.deployment.project
    parameters, problem = _parameters(live, event, triggers.values())
    going: list[JobId] = []
    for job in triggers:
        cause = problem or _hindrance(board, live, event, job)
        if cause:
            draft.unheeded.append(Unheeded(heard.number, project, job, cause))
        else:
            going.append(job)
    if going:
        chain = (*event.chain, *(_link(live, job) for job in going))
        about = EventCause(heard.number, event.kind, event.name, event.facts, chain)
        cause_of_run = Cause(CauseKind.EVENT, None, event.detail, about)
        request_run(board, draft, RunRequested(project, cause_of_run, tuple(going), parameters=parameters))


def _hindrance(board: Board, live: Live, event: Happened, job: JobId) -> str:
    """Why a job lets this event pass, besides an earlier run of it; empty where it does not."""
    if board.is_paused(live.deployment.project, job):
        return MissedCause.PAUSED
    link = _link(live, job)
    if link in event.chain:
        circle = (*event.chain[event.chain.index(link) :], link)
        return f"it would set itself off again: {' -> '.join(circle)}"
    return ""


def _link(live: Live, job: JobId) -> str:
    return f"{live.deployment.slug}/{live.graph.jobs[job].name.strip()}"


def _parameters(live: Live, event: Happened, triggers: Iterable[Trigger]) -> tuple[tuple[tuple[str, str], ...], str]:
    """What the run is given of the event, as far as the project declares it; and what is wrong with that."""
    declared = [parameter for job in live.graph.jobs.values() for parameter in job.parameters]
    brought = dict(event.parameters)
    given: dict[str, str] = {}
    for trigger in triggers:
        renamed = {name: brought[field] for name, field in trigger.fields if field in brought}
        given |= dict(trigger.parameters) | brought | renamed
    known = {parameter.name for parameter in declared}
    found = {name: value for name, value in given.items() if name in known}
    return tuple(found.items()), _misfit(declared, found)


def _misfit(declared: Iterable[Parameter], given: Mapping[str, str]) -> str:
    for parameter in declared:
        value = given.get(parameter.name)
        if value is not None and not has_type(parameter.type, value):
            return f"its parameter {parameter.name} is of type {parameter.type}, which {value!r:.100} is not"
    return ""
