"""The lines of the table about what jobs say and keep."""

from __future__ import annotations

from pathlib import Path

from skafd.api.backend import Backend
from skafd.api.kept import (
    KeptBackend,
    MessageInfo,
    MetricInfo,
    ModelInfo,
    RunKept,
    SeriesInfo,
    TagRequest,
)
from skafd.api.routing import Answer, Call, Query, Route, number_in_path

_NAME = Query("name", str, "The name of a model or a metric.", required=True)
_TAG = Query("tag", str, "Only versions with this tag.")
_VERSION = Query("version", str, "This version; else the newest.")
_MODELS = (Query("name", str, "Only this model."), _TAG, Query("limit", int, "At most so many, newest first.", 100))
_ONE = (_NAME, _TAG, _VERSION)
_EXACT = (_NAME, Query("version", str, "Which version.", required=True))
_SERIES = (
    _NAME,
    Query("run", int, "Only of this run."),
    Query("runs", int, "Of the newest so many runs that have it.", 10),
    Query("points", int, "Of each series at most about so many points.", 1000),
)
_MESSAGES = (
    Query("target", str, "A run, a task, a job or a project.", required=True),
    Query("level", str, "At least this level."),
    Query("label", str, "With this label."),
    Query("limit", int, "The last so many.", 1000),
)


def _kept(backend: Backend) -> KeptBackend:
    return backend.kept


def _delete(backend: Backend, call: Call) -> None:
    _kept(backend).delete_model(call.project, call.query["name"], call.query["version"])


def _untag(backend: Backend, call: Call) -> None:
    _kept(backend).untag_model(call.project, call.query["name"], call.query["version"], call.query["tag"])


def _artifact(backend: Backend, call: Call) -> Path:
    return _kept(backend).artifact_path(number_in_path(call, "artifact", "skafd show RUN --artifacts"))


KEPT_ROUTES: tuple[Route, ...] = (
    Route(
        "GET",
        "/v1/runs/{project}/{number}/kept",
        "What a run kept and read, and of what its tasks were made.",
        lambda backend, call: _kept(backend).of_run(f"{call.project}/{call.path['number']}", call.query["task"]),
        RunKept,
        query=(Query("task", str, "Only of this task."),),
    ),
    Route(
        "GET",
        "/v1/artifacts/{number}/content",
        "The bytes of an artifact.",
        _artifact,
        bytes,
        answer=Answer.BYTES,
    ),
    Route(
        "GET",
        "/v1/projects/{project}/models",
        "Versions of models, newest first.",
        lambda backend, call: _kept(backend).models(call.project, **call.query),
        list[ModelInfo],
        query=_MODELS,
    ),
    Route(
        "GET",
        "/v1/projects/{project}/model",
        "One version of a model: the newest, or as asked for; and of what it was made.",
        lambda backend, call: _kept(backend).model(call.project, **call.query),
        ModelInfo,
        query=_ONE,
    ),
    Route(
        "GET",
        "/v1/projects/{project}/model/content",
        "The bytes of a version of a model.",
        lambda backend, call: _kept(backend).model_path(call.project, **call.query),
        bytes,
        query=_ONE,
        answer=Answer.BYTES,
    ),
    Route("DELETE", "/v1/projects/{project}/model", "Delete a version of a model.", _delete, query=_EXACT),
    Route(
        "POST",
        "/v1/projects/{project}/model/tags",
        "Give a version a tag, or move the tag to it.",
        lambda backend, call: _kept(backend).tag_model(call.project, call.body),
        ModelInfo,
        TagRequest,
    ),
    Route(
        "DELETE",
        "/v1/projects/{project}/model/tags",
        "Take a tag from a version.",
        _untag,
        query=(*_EXACT, Query("tag", str, "Which tag.", required=True)),
    ),
    Route(
        "GET",
        "/v1/projects/{project}/metrics",
        "The metrics that a project reports.",
        lambda backend, call: _kept(backend).metrics(call.project),
        list[MetricInfo],
    ),
    Route(
        "GET",
        "/v1/projects/{project}/series",
        "The series of a metric, one for each attempt, oldest run first.",
        lambda backend, call: _kept(backend).series(call.project, **call.query),
        list[SeriesInfo],
        query=_SERIES,
    ),
    Route(
        "GET",
        "/v1/messages",
        "What jobs logged through the SDK, from the logs of the newest attempts of a target.",
        lambda backend, call: _kept(backend).messages(**call.query),
        list[MessageInfo],
        query=_MESSAGES,
    ),
)
