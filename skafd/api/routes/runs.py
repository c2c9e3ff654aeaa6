"""The lines of the table about runs."""

from __future__ import annotations

from skafd.api.backend import Backend
from skafd.api.differences import RunDiff
from skafd.api.requests import AgainRequest, KillRequest, RunTagsRequest, SkipRequest, StartRunRequest
from skafd.api.routing import Call, Query, Route
from skafd.api.shapes import Explanation, HistoryEntry, KillResult, RunDetail, RunFilter, RunSummary

_HISTORY = (
    Query("job", str, "A job's name or id.", required=True),
    Query("limit", int, "At most so many.", 30),
)

_WHY = (Query("target", str, "A run, a task, a job or a project.", required=True),)

_DIFF = (Query("first", str, "A run.", required=True), Query("second", str, "The later one.", required=True))

_RUNS = (
    Query("project", str, "Only the runs of this project."),
    Query("limit", int, "At most so many, newest first.", 20),
    Query("before", int, "Only runs of a smaller number, to page on."),
    Query("state", str, "Only runs in this state."),
    Query("tag", str, "Only runs with this tag."),
    Query("namespace", str, "Only those of `user:NAME`, or those of `production`, which nobody asked for by hand."),
)


def _find_run(backend: Backend, call: Call) -> RunDetail:
    return backend.run(f"{call.project}/{call.path['number']}")


def _list_runs(backend: Backend, call: Call) -> list[RunSummary]:
    query = dict(call.query)
    return backend.runs(query.pop("project"), query.pop("limit"), query.pop("before"), RunFilter(**query))


def _start_run(backend: Backend, call: Call) -> RunDetail:
    return backend.start_run(call.project, call.body.job, call.body.only, call.body.parameters, call.body.user)


def _tag_run(backend: Backend, call: Call) -> RunSummary:
    return backend.tag_run(f"{call.project}/{call.path['number']}", call.body.add, call.body.remove)


RUN_ROUTES: tuple[Route, ...] = (
    Route(
        "GET",
        "/v1/why",
        "One sentence that says why a target is as it is.",
        lambda backend, call: backend.why(call.query["target"]),
        Explanation,
        query=_WHY,
    ),
    Route(
        "GET",
        "/v1/projects/{project}/history",
        "How the last executions of a job ended, oldest first.",
        lambda backend, call: backend.history(call.project, call.query["job"], call.query["limit"]),
        list[HistoryEntry],
        query=_HISTORY,
    ),
    Route("GET", "/v1/runs", "Runs, newest first.", _list_runs, list[RunSummary], query=_RUNS),
    Route("GET", "/v1/runs/{project}/{number}", "One run with its tasks and attempts.", _find_run, RunDetail),
    Route(
        "GET",
        "/v1/diff",
        "What differs between two runs: code, packages, parameters, results.",
        lambda backend, call: backend.diff(**call.query),
        RunDiff,
        query=_DIFF,
    ),
    Route(
        "POST",
        "/v1/runs/{project}/{number}/tags",
        "Give a run tags, and take tags from it.",
        _tag_run,
        RunSummary,
        RunTagsRequest,
    ),
    Route(
        "POST",
        "/v1/projects/{project}/runs",
        "Start a run of the graph, of a job and what depends on it, or of a job alone.",
        _start_run,
        RunDetail,
        StartRunRequest,
    ),
    Route(
        "POST",
        "/v1/again",
        "Resume an ended run, or run a task and its dependents again; a task that waits for its retry goes at once.",
        lambda backend, call: backend.again(call.body),
        RunDetail,
        AgainRequest,
    ),
    Route(
        "POST",
        "/v1/skip",
        "Pass over a task that has not begun; its dependents go on.",
        lambda backend, call: backend.skip(call.body.target),
        RunDetail,
        SkipRequest,
    ),
    Route(
        "POST",
        "/v1/kill",
        "End what runs of a target, gracefully and then by force.",
        lambda backend, call: backend.kill(call.body.target),
        KillResult,
        KillRequest,
    ),
)
