"""What the orchestrator keeps in memory, rebuilt from what is written; and what it writes of occurrences."""

from __future__ import annotations

from datetime import datetime

from skafd.engine import Engine
from skafd.model.decisions import Decisions, RunRequested
from skafd.model.ids import JobId
from skafd.model.limits import Capacity
from skafd.model.run import Cause, CauseKind
from skafd.schedule.timetable import Plan, Timetable
from skafd.store import Reader, Writer


def restore(reader: Reader, capacity: Capacity) -> tuple[Engine, Timetable]:
    """The engine with every open run, and the timetable of every live deployment."""
    live = reader.live_deployments()
    engine = Engine(capacity)
    engine.restore(
        live=live,
        histories=reader.histories(),
        open_runs=reader.open_runs(),
        last_run_numbers=reader.last_run_numbers(),
        last_event_number=reader.last_event_number(),
        gathered=reader.gathered(),
        deployed_jobs=reader.deployed_jobs(),
        cancelling=reader.cancelling(),
    )
    engine.pause(reader.pauses())
    timetable = Timetable()
    planned = reader.planned()
    for deployment in live:
        for job in deployment.config.jobs:
            if job.schedules:
                since = planned.get((deployment.project, job.id), deployment.created_at)
                timetable.put(deployment.project, job.id, job.schedules, since)
    timetable.pause(reader.pauses())
    return engine, timetable


def requests_of(plan: Plan) -> list[RunRequested]:
    """One run for each instant of a project at which jobs are due."""
    return [
        RunRequested(due.project, Cause(CauseKind.SCHEDULE, due.instant), due.jobs, parameters=due.parameters)
        for due in plan.due
    ]


def write_occurrences(writer: Writer, plan: Plan, decisions: Decisions, now: datetime) -> None:
    """Notes for each job that was due which run it got, and how far each job is planned."""
    missed = {(missed.project, missed.job, missed.instant) for missed in decisions.missed}
    runs = {
        (run.key.project, run.cause.instant): run for run in decisions.new_runs if run.cause.kind is CauseKind.SCHEDULE
    }
    for due in plan.due:
        run = runs.get((due.project, due.instant))
        if run is None:
            continue  # Spent or missed: the engine made no run of it.
        in_run: set[JobId] = {task.key.job for task in run.tasks}
        fired = [job for job in due.jobs if job in in_run and (due.project, job, due.instant) not in missed]
        writer.fire_occurrences(due.project, fired, due.instant, run.key, now)
    for planned in plan.planned_until:
        writer.set_planned_until(planned.project, planned.job, planned.until)
