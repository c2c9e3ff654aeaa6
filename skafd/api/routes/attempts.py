"""The lines of the table about what attempts leave: logs, usage, notebooks."""

from __future__ import annotations

from skafd.api.routing import Answer, Query, Route, Stream
from skafd.api.shapes import NotebookPage, TaskUsage

_LOGS = (
    Query("target", str, "A run, a task, a job or a project.", required=True),
    Query("lines", int, "So many lines from the end of each log; all when left out."),
    Query("follow", bool, "Go on as more is written.", False),
)

_USAGE = (Query("target", str, "A run, a task, a job or a project.", required=True),)

_NOTEBOOK = (
    Query("target", str, "A task or a job.", required=True),
    Query("name", str, "Which, where a task has executed several."),
    Query("html", bool, "As a page; otherwise the notebook itself.", True),
)


ATTEMPT_ROUTES: tuple[Route, ...] = (
    Route(
        "GET",
        "/v1/logs",
        "The log of the newest attempts of a target.",
        Stream.LOGS,
        str,
        query=_LOGS,
        answer=Answer.TEXT,
    ),
    Route(
        "GET",
        "/v1/usage",
        "What the newest attempts of a target use, or used, over time.",
        lambda backend, call: backend.usage(call.query["target"]),
        list[TaskUsage],
        query=_USAGE,
    ),
    Route(
        "GET",
        "/v1/notebook",
        "An executed notebook, also one that failed half-way.",
        lambda backend, call: backend.notebook(call.query["target"], call.query["name"], call.query["html"]),
        NotebookPage,
        query=_NOTEBOOK,
    ),
)
