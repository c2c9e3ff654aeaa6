"""The table of everything the api answers; the server and the OpenAPI document are both made from it."""

from __future__ import annotations

from pathlib import Path

from skafd.api.backend import Backend
from skafd.api.differences import DeploymentDiff, RunDiff
from skafd.api.environment_routes import ENVIRONMENT_ROUTES
from skafd.api.kept_routes import KEPT_ROUTES
from skafd.api.pages_routes import PAGES_ROUTES
from skafd.api.requests import (
    AgainRequest,
    BackfillRequest,
    ChangeNumber,
    DataTokenRequest,
    JobTokenRequest,
    KillRequest,
    PauseRequest,
    PublishRequest,
    RollbackRequest,
    RunTagsRequest,
    SkipRequest,
    StartRunRequest,
    StopRequest,
    UpRequest,
    VariableRequest,
)
from skafd.api.routing import Answer, Call, Query, Route, Stream, number_in_path
from skafd.api.shapes import (
    BackfillInfo,
    DataTokenInfo,
    DeploymentInfo,
    EventInfo,
    Explanation,
    FolderResult,
    HistoryEntry,
    JobTokenInfo,
    KillResult,
    NotebookPage,
    ProjectStatus,
    RunDetail,
    RunFilter,
    RunSummary,
    ScheduleExplanation,
    ScheduleInfo,
    ServiceInfo,
    Status,
    TaskUsage,
    Variable,
    WebhookTokenInfo,
)


def _set_variable(backend: Backend, call: Call) -> None:
    backend.set_variable(call.project, call.path["key"], call.body.value)


def _find_run(backend: Backend, call: Call) -> RunDetail:
    return backend.run(f"{call.project}/{call.path['number']}")


def _list_runs(backend: Backend, call: Call) -> list[RunSummary]:
    query = dict(call.query)
    return backend.runs(query.pop("project"), query.pop("limit"), query.pop("before"), RunFilter(**query))


def _start_run(backend: Backend, call: Call) -> RunDetail:
    return backend.start_run(call.project, call.body.job, call.body.only, call.body.parameters, call.body.user)


def _tag_run(backend: Backend, call: Call) -> RunSummary:
    return backend.tag_run(f"{call.project}/{call.path['number']}", call.body.add, call.body.remove)


def _diff_deployment(backend: Backend, call: Call) -> DeploymentDiff:
    number = number_in_path(call, "deployment", f"skafd deployments {call.project}")
    return backend.diff_deployments(call.project, call.query["since"], number)


def _backfill(backend: Backend, call: Call) -> BackfillInfo:
    body = call.body
    return backend.backfill(call.project, body.job, body.first, body.last, body.parallel, body.only, body.dry_run)


def _list_events(backend: Backend, call: Call) -> list[EventInfo]:
    return backend.events(call.query["project"], call.query["limit"], call.query["before"])


def _publish(backend: Backend, call: Call) -> EventInfo:
    return backend.publish(call.body.name, call.body.parameters, call.body.key)


def _revoke_data_token(backend: Backend, call: Call) -> None:
    backend.revoke_data_token(call.project, number_in_path(call, "token", "skafd token PROJECT"))


def _revoke_token(backend: Backend, call: Call) -> None:
    backend.revoke_webhook_token(call.project, number_in_path(call, "token", "skafd webhook PROJECT"))


def _explain_schedule(backend: Backend, call: Call) -> ScheduleExplanation:
    return backend.explain_schedule(call.query["expression"], call.query["timezone"], call.query["count"])


def folders_of(request: UpRequest) -> list[Path]:
    """The folders of a request, as paths."""
    return [Path(folder) for folder in request.folders]


_HISTORY = (
    Query("job", str, "A job's name or id.", required=True),
    Query("limit", int, "At most so many.", 30),
)
_STATUS = (Query("after", int, "Only projects that changed after this number, `number` of an answer.", -1),)
_WHY = (Query("target", str, "A run, a task, a job or a project.", required=True),)
_DIFF = (Query("first", str, "A run.", required=True), Query("second", str, "The later one.", required=True))
_SINCE = (Query("since", int, "The number of another deployment."),)
_PROJECT = Query("project", str, "A short name, a token, a name or a folder's path.", required=True)
_RUNS = (
    Query("project", str, "Only the runs of this project."),
    Query("limit", int, "At most so many, newest first.", 20),
    Query("before", int, "Only runs of a smaller number, to page on."),
    Query("state", str, "Only runs in this state."),
    Query("tag", str, "Only runs with this tag."),
    Query("namespace", str, "Only those of `user:NAME`, or those of `production`, which nobody asked for by hand."),
)
_EVENTS = (
    Query("project", str, "Only what concerned this project."),
    Query("limit", int, "At most so many, newest first.", 20),
    Query("before", int, "Only events of a smaller number, to page on."),
)
_SHOW = (Query("show", bool, "Values in the clear.", False),)
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
_CHANGES = (
    Query("after", int, "The number that the caller has seen.", -1),
    Query("seconds", float, "Wait at most so long for a larger one.", 30.0),
)
_SCHEDULE = (
    Query("project", str, "Only this project."),
    Query("hours", float, "So far ahead, and so far back for what was missed.", 24.0),
)
_EXPRESSION = (
    Query("expression", str, "A cron, an interval or a phrase.", required=True),
    Query("timezone", str, "The zone it is read in.", "UTC"),
    Query("count", int, "So many times.", 5),
)

WEBHOOK_PATH = "/v1/webhooks/{project}/{webhook}"

ROUTES: tuple[Route, ...] = (
    Route(
        "GET",
        "/v1/status",
        "The daemon and all projects.",
        Stream.STATUS,
        Status,
        query=_STATUS,
    ),
    Route(
        "GET",
        "/v1/find",
        "A project by any of its names.",
        lambda backend, call: backend.project(call.query["project"]),
        ProjectStatus,
        query=(_PROJECT,),
    ),
    Route(
        "GET",
        "/v1/projects/{project}",
        "One project with its jobs.",
        lambda backend, call: backend.project(call.project),
        ProjectStatus,
    ),
    Route(
        "POST",
        "/v1/up",
        "Take folders on; one line per project when it is deployed or refused.",
        Stream.UP,
        FolderResult,
        UpRequest,
        answer=Answer.LINES,
    ),
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
        "DELETE",
        "/v1/projects/{project}",
        "Take a project off the list; what runs of it goes on, and its history stays.",
        lambda backend, call: backend.forget(call.project),
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
    Route(
        "GET",
        "/v1/projects/{project}/deployments",
        "Deployments, newest first.",
        lambda backend, call: backend.deployments(call.project),
        list[DeploymentInfo],
    ),
    Route(
        "GET",
        "/v1/projects/{project}/deployments/{number}/diff",
        "What a deployment changed in code and packages, since the one before it or another one.",
        _diff_deployment,
        DeploymentDiff,
        query=_SINCE,
    ),
    Route(
        "POST",
        "/v1/projects/{project}/rollback",
        "Make an earlier deployment live again.",
        lambda backend, call: backend.rollback(call.project, call.body.number),
        DeploymentInfo,
        RollbackRequest,
    ),
    Route(
        "GET",
        "/v1/projects/{project}/variables",
        "Secrets and settings, masked unless shown.",
        lambda backend, call: backend.variables(call.project, call.query["show"]),
        list[Variable],
        query=_SHOW,
    ),
    Route(
        "PUT",
        "/v1/projects/{project}/variables/{key}",
        "Set a secret or a setting.",
        _set_variable,
        request=VariableRequest,
    ),
    Route(
        "DELETE",
        "/v1/projects/{project}/variables/{key}",
        "Delete a secret or a setting.",
        lambda backend, call: backend.delete_variable(call.project, call.path["key"]),
    ),
    Route(
        "POST",
        "/v1/tokens/job",
        "A token with which notebooks and programs of the user's own use the SDK, and the socket for it.",
        lambda backend, call: backend.job_token(call.body.project),
        JobTokenInfo,
        JobTokenRequest,
    ),
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
    Route("GET", "/v1/events", "Events from outside, newest first.", _list_events, list[EventInfo], query=_EVENTS),
    Route(
        "GET",
        "/v1/events/{number}",
        "One event, and what followed from it.",
        lambda backend, call: backend.event(number_in_path(call, "event", "skafd events")),
        EventInfo,
    ),
    Route(
        "POST",
        "/v1/events",
        "Publish an event to every project that waits for it.",
        _publish,
        EventInfo,
        PublishRequest,
    ),
    Route(
        "POST",
        WEBHOOK_PATH,
        "Call a webhook: `Authorization: Bearer TOKEN`, parameters as a JSON object, perhaps an `Idempotency-Key`.",
        Stream.WEBHOOK,
        EventInfo,
    ),
    Route(
        "GET",
        "/v1/projects/{project}/data-tokens",
        "The tokens that may read a project's tables over the Data Endpoint, without the secrets.",
        lambda backend, call: backend.data_tokens(call.project),
        list[DataTokenInfo],
    ),
    Route(
        "POST",
        "/v1/projects/{project}/data-tokens",
        "Make a token for the Data Endpoint; this answer alone has it.",
        lambda backend, call: backend.create_data_token(call.project, call.body.name),
        DataTokenInfo,
        DataTokenRequest,
    ),
    Route(
        "DELETE",
        "/v1/projects/{project}/data-tokens/{number}",
        "Revoke a token of the Data Endpoint.",
        _revoke_data_token,
    ),
    Route(
        "GET",
        "/v1/projects/{project}/webhook-tokens",
        "The tokens of a project's webhooks, without the secrets.",
        lambda backend, call: backend.webhook_tokens(call.project),
        list[WebhookTokenInfo],
    ),
    Route(
        "POST",
        "/v1/projects/{project}/webhooks/{webhook}/tokens",
        "Make a token for a webhook; this answer alone has it.",
        lambda backend, call: backend.create_webhook_token(call.project, call.path["webhook"]),
        WebhookTokenInfo,
    ),
    Route(
        "DELETE",
        "/v1/projects/{project}/webhook-tokens/{number}",
        "Revoke a token.",
        _revoke_token,
    ),
    Route(
        "GET",
        "/v1/services",
        "Long-lived processes that skafd keeps running.",
        lambda backend, _: backend.services(),
        list[ServiceInfo],
    ),
    Route(
        "POST",
        "/v1/services/{name}/start",
        "Start a service unless it is there; answers when it does.",
        lambda backend, call: backend.start_service(call.path["name"]),
        ServiceInfo,
    ),
    Route(
        "POST",
        "/v1/services/{name}/stop",
        "Ask a service to end; whoever needs it next starts it again.",
        lambda backend, call: backend.stop_service(call.path["name"]),
        ServiceInfo,
    ),
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
    Route("GET", "/v1/changes", "Wait until something changed.", Stream.CHANGES, ChangeNumber, query=_CHANGES),
    *KEPT_ROUTES,
    *ENVIRONMENT_ROUTES,
    *PAGES_ROUTES,
    Route(
        "POST",
        "/v1/stop",
        "Stop the daemon; jobs go on unless they are to be ended too.",
        lambda backend, call: backend.stop(call.body.jobs),
        request=StopRequest,
    ),
)
