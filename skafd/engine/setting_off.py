"""The runs that an event sets off in one project, or the cause why a job lets it pass."""

from __future__ import annotations

from collections.abc import Mapping

from skafd.engine.board import Board, Live
from skafd.engine.draft import Draft
from skafd.engine.given import given_by
from skafd.engine.requests import request_run
from skafd.engine.together import keep, set_off_together
from skafd.model.decisions import Gathered, Happened, Heard, RunRequested, Unheeded
from skafd.model.ids import JobId
from skafd.model.missed import MissedCause
from skafd.model.project import Trigger
from skafd.model.run import Cause, CauseKind, EventCause


def set_off(board: Board, draft: Draft, live: Live, heard: Heard, waiting: Mapping[JobId, tuple[Trigger, ...]]) -> None:
    """One run for all jobs for which the event suffices, and those of the sets of events that it makes complete."""
    alone: dict[JobId, Trigger] = {}
    complete: dict[tuple[str, tuple[int, ...]], dict[JobId, list[Gathered]]] = {}
    for job, triggers in waiting.items():
        enough = next((one for one in triggers if not one.together), None)
        if enough is not None:
            alone[job] = enough
            continue
        for trigger in triggers:
            if _takes(board, draft, live, heard, {job: trigger}):
                found = keep(board, draft, live, heard, job, trigger)
                numbers = tuple(one.heard.number for one in found)
                complete.setdefault((trigger.together, numbers), {})[job] = found
    if alone:
        _set_off_alone(board, draft, live, heard, alone)
    for (_, numbers), jobs in complete.items():
        if numbers:
            set_off_together(board, draft, live, jobs)


def _set_off_alone(board: Board, draft: Draft, live: Live, heard: Heard, triggers: Mapping[JobId, Trigger]) -> None:
    event, project = heard.event, live.deployment.project
    going = _takes(board, draft, live, heard, triggers)
    if going:
        parameters, _ = given_by(live, event, triggers.values())
        chain = (*event.chain, *(live.link(job) for job in going))
        about = EventCause(heard.number, event.kind, event.name, event.facts, chain)
        cause = Cause(CauseKind.EVENT, None, event.detail, about)
        request_run(board, draft, RunRequested(project, cause, tuple(going), parameters=tuple(parameters.items())))


def _takes(board: Board, draft: Draft, live: Live, heard: Heard, triggers: Mapping[JobId, Trigger]) -> list[JobId]:
    """The jobs that do not let the event pass; of the others it is said why."""
    _, problem = given_by(live, heard.event, triggers.values())
    going: list[JobId] = []
    for job in triggers:
        cause = problem or _hindrance(board, live, heard.event, job)
        if cause:
            draft.unheeded.append(Unheeded(heard.number, live.deployment.project, job, cause))
        else:
            going.append(job)
    return going


def _hindrance(board: Board, live: Live, event: Happened, job: JobId) -> str:
    """Why a job lets this event pass, besides an earlier run of it; empty where it does not."""
    if board.is_paused(live.deployment.project, job):
        return MissedCause.PAUSED
    link = live.link(job)
    if link in event.chain:
        circle = (*event.chain[event.chain.index(link) :], link)
        return f"it would set itself off again: {' -> '.join(circle)}"
    return ""
