"""The lines of the table about time: schedules, pauses, backfills."""

from __future__ import annotations

from skafd.api.backend import Backend
from skafd.api.requests import BackfillRequest, PauseRequest
from skafd.api.routing import Call, Query, Route, number_in_path
from skafd.api.shapes import BackfillInfo, JobOccasions, ScheduleExplanation, ScheduleInfo

_SCHEDULE = (
    Query("project", str, "Only this project."),
    Query("hours", float, "So far ahead, and so far back for what was missed.", 24.0),
)

_COUNT = Query("count", int, "So many times of each schedule.", 5)
_OCCASIONS = (Query("job", str, "Only this job, by its name or id."), _COUNT)
_EXPRESSION = (
    Query("expression", str, "A cron, an interval or a phrase.", required=True),
    Query("timezone", str, "The zone it is read in.", "UTC"),
    Query("count", int, "So many times.", 5),
)


def _backfill(backend: Backend, call: Call) -> BackfillInfo:
    body = call.body
    return backend.backfill(call.project, body.job, body.first, body.last, body.parallel, body.only, body.dry_run)


def _explain_schedule(backend: Backend, call: Call) -> ScheduleExplanation:
    return backend.explain_schedule(call.query["expression"], call.query["timezone"], call.query["count"])


SCHEDULE_ROUTES: tuple[Route, ...] = (
    Route(
        "GET",
        "/v1/schedule",
        "What is due next, and what was missed and why.",
        lambda backend, call: backend.schedule(call.query["project"], call.query["hours"]),
        ScheduleInfo,
        query=_SCHEDULE,
    ),
    Route(
        "GET",
        "/v1/schedule/explain",
        "What an expression means: its rule and its next times.",
        _explain_schedule,
        ScheduleExplanation,
        query=_EXPRESSION,
    ),
    Route(
        "GET",
        "/v1/projects/{project}/occasions",
        "When the jobs of a project are due, and what they wait for: each schedule and each event in words.",
        lambda backend, call: backend.explain_jobs(call.project, call.query["job"], call.query["count"]),
        list[JobOccasions],
        query=_OCCASIONS,
    ),
    Route(
        "POST",
        "/v1/projects/{project}/pause",
        "Let occurrences of a project or a job be missed.",
        lambda backend, call: backend.pause(call.project, call.body.job),
        request=PauseRequest,
    ),
    Route(
        "POST",
        "/v1/projects/{project}/resume",
        "End a pause.",
        lambda backend, call: backend.resume(call.project, call.body.job),
        request=PauseRequest,
    ),
    Route(
        "POST",
        "/v1/projects/{project}/backfills",
        "Run a job for instants of its schedule that lie in the past.",
        _backfill,
        BackfillInfo,
        BackfillRequest,
    ),
    Route(
        "GET", "/v1/backfills", "Backfills, newest first.", lambda backend, _: backend.backfills(), list[BackfillInfo]
    ),
    Route(
        "GET",
        "/v1/backfills/{number}",
        "One backfill with its runs.",
        lambda backend, call: backend.find_backfill(number_in_path(call, "backfill", "skafd backfill")),
        BackfillInfo,
    ),
    Route(
        "POST",
        "/v1/backfills/{number}/cancel",
        "Make no more runs of a backfill, and end those that run.",
        lambda backend, call: backend.cancel_backfill(number_in_path(call, "backfill", "skafd backfill")),
        BackfillInfo,
    ),
)
