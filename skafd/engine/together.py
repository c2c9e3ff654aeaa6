"""Sets of events that must all have come: kept one by one, and one run when there is one of each."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence

from skafd.engine.board import Board, Live
from skafd.engine.draft import Draft
from skafd.engine.given import given_by
from skafd.engine.requests import request_run
from skafd.model.decisions import Completed, Gathered, Heard, RunRequested, Unheeded
from skafd.model.ids import JobId
from skafd.model.project import Trigger
from skafd.model.run import Cause, CauseKind, EventCause
from skafd.units import format_duration

_LONGEST_ALL_BYTES = 96 * 1024
"""What a variable of the environment may hold is little more."""


def keep(board: Board, draft: Draft, live: Live, heard: Heard, job: JobId, trigger: Trigger) -> list[Gathered]:
    """Keeps an event for a job; returns the whole set, oldest first, if it is complete now."""
    kept = Gathered(heard, live.deployment.project, job, trigger.together, trigger.label, draft.now)
    draft.gathered.append(kept)
    replaced = board.gathering.put(kept)
    if replaced is not None:
        _let_pass(draft, replaced, f"event {heard.number} took its place before all had come")
    if trigger.within_seconds is not None:
        for late in board.gathering.take_late(kept, trigger.within_seconds):
            _let_pass(draft, late, f"it came more than {format_duration(trigger.within_seconds)} before the others")
    members = [one.label for one in live.graph.jobs[job].triggers if one.together == trigger.together]
    return board.gathering.take_complete(kept, members)


def set_off_together(board: Board, draft: Draft, live: Live, jobs: Mapping[JobId, list[Gathered]]) -> None:
    """One run for all jobs for which the same events were kept; where it is not made, all of them pass by."""
    gathered = [one for ones in jobs.values() for one in ones]
    heard = sorted({one.heard.number: one.heard for one in gathered}.values(), key=lambda one: one.number)
    parameters: dict[str, str] = {}
    for one in sorted(gathered, key=lambda one: one.heard.number):
        parameters |= given_by(live, one.heard.event, _triggers_of(live, one))[0]
    request = RunRequested(
        live.deployment.project, _cause(live, heard, list(jobs)), tuple(jobs), parameters=tuple(parameters.items())
    )
    runs_before, passed_before = len(draft.new_runs), len(draft.unheeded)
    request_run(board, draft, request)
    run = draft.new_runs[-1] if len(draft.new_runs) > runs_before else None
    in_run = {task.key.job for task in run.tasks} if run else set()
    causes = {one.job: one.cause for one in draft.unheeded[passed_before:]}
    for job, ones in jobs.items():
        if run is not None and job in in_run:
            numbers = tuple(one.heard.number for one in ones)
            draft.completed.append(Completed(numbers, run.key.project, job, ones[0].together, run.key))
            continue
        for one in ones:
            _let_pass(draft, one, causes.get(job, "no run was made"))


def _triggers_of(live: Live, gathered: Gathered) -> list[Trigger]:
    triggers = live.graph.jobs[gathered.job].triggers
    return [one for one in triggers if (one.together, one.label) == (gathered.together, gathered.member)]


def _let_pass(draft: Draft, gathered: Gathered, cause: str) -> None:
    draft.unheeded.append(Unheeded(gathered.heard.number, gathered.project, gathered.job, cause, gathered.together))


def _cause(live: Live, heard: Sequence[Heard], jobs: Sequence[JobId]) -> Cause:
    """The last of the events, with the facts of all."""
    last = heard[-1]
    facts = {name: value for one in heard for name, value in one.event.facts} | {"ALL": _all(heard)}
    chain = (*(link for one in heard for link in one.event.chain), *(live.link(job) for job in jobs))
    about = EventCause(last.number, last.event.kind, last.event.name, tuple(facts.items()), tuple(dict.fromkeys(chain)))
    return Cause(CauseKind.EVENT, None, " and ".join(one.event.detail for one in heard), about)


def _all(heard: Sequence[Heard]) -> str:
    """Each event as JSON; without its details where those are more than a job can be told."""
    known = [{"number": one.number, "kind": one.event.kind.value, "name": one.event.name} for one in heard]
    details = [
        {name.lower(): value for name, value in one.event.facts} | {"parameters": dict(one.event.parameters)}
        for one in heard
    ]
    whole = json.dumps([one | more for one, more in zip(known, details, strict=True)], ensure_ascii=False)
    return whole if len(whole.encode()) <= _LONGEST_ALL_BYTES else json.dumps(known)
