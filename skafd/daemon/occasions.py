"""What sets off a job, in words: its schedules with their next times, and the events that it waits for."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from datetime import date, datetime
from itertools import groupby

from skafd.api.shapes import ExplainedTime, JobOccasions, ScheduleExplanation
from skafd.engine.awaited import awaited
from skafd.model.decisions import Gathered
from skafd.model.flow import flow_of_event
from skafd.model.project import CatchUp, Job, Overlap, Schedule, Trigger, TriggerKind
from skafd.schedule.explain import Explanation, explain_schedule
from skafd.units import format_duration

_CAUGHT_UP = {
    CatchUp.LATEST: "of those that were passed over the newest is run",
    CatchUp.ALL: "all that were passed over are run, oldest first",
    CatchUp.SKIP: "none that was passed over is run",
}
_OVERLAPS = {
    Overlap.QUEUE: "one waits for an earlier run to end",
    Overlap.SKIP: "missed while an earlier run has not ended",
    Overlap.CANCEL: "an earlier run is ended first",
    Overlap.ALLOW: "runs may overlap",
}


def occasions_of(
    slug: str, job: Job, is_paused: bool, gathered: Sequence[Gathered], now: datetime, count: int
) -> JobOccasions:
    """All of a job's; `gathered` is what is kept of sets of events."""
    kept = [one for one in gathered if one.job == job.id]
    return JobOccasions(
        project=slug,
        job=job.name.strip(),
        paused=is_paused,
        schedules=[
            explanation(explain_schedule(one, now, count), _details(one, is_first=not number))
            for number, one in enumerate(job.schedules)
        ],
        events=_events(job.triggers),
        waits_for=awaited(job, kept, now) if kept else "",
    )


def explanation(found: Explanation, details: Sequence[str] = ()) -> ScheduleExplanation:
    """As the api answers it."""
    times = [
        ExplainedTime(time.instant.isoformat(), time.local.isoformat(), time.change, time.note) for time in found.times
    ]
    return ScheduleExplanation(found.expression, found.timezone, found.words, found.rule, times, list(details))


def _details(schedule: Schedule, is_first: bool) -> list[str]:
    found = []
    if schedule.start or schedule.end:
        found.append(" ".join([f"from {schedule.start}"] * bool(schedule.start) + _until(schedule)))
    if schedule.excluded:
        found.append(f"not on {', '.join(_spans(schedule.excluded))}")
    if schedule.jitter_seconds:
        found.append(f"each up to {format_duration(schedule.jitter_seconds)} later, always the same")
    if schedule.parameters:
        found.append(f"with {', '.join(f'{name}={value}' for name, value in schedule.parameters)}")
    within = f", none older than {format_duration(schedule.within_seconds)}" if schedule.within_seconds else ""
    found.append(_CAUGHT_UP[schedule.catch_up] + within)
    # That of the first counts for all of them.
    return [*found, _OVERLAPS[schedule.overlap]] if is_first else found


def _spans(days: Iterable[str]) -> Iterator[str]:
    """Days that follow each other as one span, as configs have it: `2026-12-24 to 2026-12-31`."""
    ordered = sorted(map(date.fromisoformat, days))
    for _, group in groupby(enumerate(ordered), lambda one: one[1].toordinal() - one[0]):
        span = [day for _, day in group]
        yield f"{span[0]} to {span[-1]}" if len(span) > 1 else str(span[0])


def _until(schedule: Schedule) -> list[str]:
    return [f"until {schedule.end}"] if schedule.end else []


def _events(triggers: Iterable[Trigger]) -> list[str]:
    """One sentence for each way: an event, or a set of events that must all come."""
    sets: dict[str, list[Trigger]] = {}
    ways = []
    for trigger in triggers:
        if trigger.together:
            sets.setdefault(trigger.together, []).append(trigger)
        else:
            ways.append(_event(trigger))
    for together in sets.values():
        seconds = together[0].within_seconds
        within = "" if seconds is None else f", within {format_duration(seconds)}"
        ways.append(f"all of: {'; '.join(map(_event, together))}{within}")
    return ways


def _event(trigger: Trigger) -> str:
    match trigger.kind:
        case TriggerKind.FILE:
            return f"a file {trigger.name} that has not changed for {format_duration(trigger.stable_seconds)}"
        case TriggerKind.PROJECT:
            return f"the success of {trigger.name}"
        case TriggerKind.WEBHOOK:
            return f"a call of the webhook {trigger.name}"
        case TriggerKind.EVENT:
            flow = flow_of_event(trigger.name)
            return f"the event {trigger.name}" + (f", which is the success of the flow {flow}" if flow else "")
