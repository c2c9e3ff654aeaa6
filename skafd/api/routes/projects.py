"""The lines of the table about projects: their deployments and their variables."""

from __future__ import annotations

from pathlib import Path

from skafd.api.backend import Backend
from skafd.api.differences import DeploymentDiff
from skafd.api.requests import RollbackRequest, UpRequest, VariableRequest
from skafd.api.routing import Answer, Call, Query, Route, Stream, number_in_path
from skafd.api.shapes import DeploymentInfo, FolderResult, ProjectStatus, Variable

_SINCE = (Query("since", int, "The number of another deployment."),)

_PROJECT = Query("project", str, "A short name, a token, a name or a folder's path.", required=True)

_SHOW = (Query("show", bool, "Values in the clear.", False),)


def _set_variable(backend: Backend, call: Call) -> None:
    backend.set_variable(call.project, call.path["key"], call.body.value)


def _diff_deployment(backend: Backend, call: Call) -> DeploymentDiff:
    number = number_in_path(call, "deployment", f"skafd deployments {call.project}")
    return backend.diff_deployments(call.project, call.query["since"], number)


def folders_of(request: UpRequest) -> list[Path]:
    """The folders of a request, as paths."""
    return [Path(folder) for folder in request.folders]


PROJECT_ROUTES: tuple[Route, ...] = (
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
        "DELETE",
        "/v1/projects/{project}",
        "Take a project off the list; what runs of it goes on, and its history stays.",
        lambda backend, call: backend.forget(call.project),
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
)
