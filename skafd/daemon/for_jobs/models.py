"""Versions of models, as programs save and load them."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from skafd import clock
from skafd.artifacts.content import ContentStore
from skafd.daemon.finding import find_project
from skafd.daemon.for_jobs.artifacts import existing
from skafd.daemon.for_jobs.commits import Commits
from skafd.daemon.for_jobs.naming import TaskNames
from skafd.daemon.for_jobs.words import check_names
from skafd.errors import NotFound, Refused
from skafd.job_token import JobToken
from skafd.jobs.requests import FindModelRequest, SaveModelRequest
from skafd.model.ids import ProjectId
from skafd.model.kept import Access, Content, Input, InputKind, ModelVersion
from skafd.store import Database, Reader

_MOST_NAMED = 10


class Models:
    """A part of `skafd.jobs.backend.JobsBackend`. Not for the orchestrator's own thread."""

    def __init__(self, database: Database, commits: Commits, contents: ContentStore) -> None:
        self._database = database
        self._commits = commits
        self._contents = contents

    def save_model(self, token: JobToken, request_id: str, request: SaveModelRequest) -> dict[str, Any]:
        """A new version. Raises Refused for names that are none, NotFound for a content that is not here."""
        check_names("model", [request.name])
        check_names("tag", request.tags)
        access = _access(request.access)
        with self._database.reader() as reader:
            project_token = reader.project(ProjectId(token.project)).token
        now = clock.now()
        answer: dict[str, Any] = self._commits.write(
            token,
            request_id,
            lambda writer, attempt: model_as_json(
                writer.add_model(attempt, request.name.lower(), self._content(request), request.tags, access, now),
                project_token,
            ),
        )
        return answer

    def _content(self, request: SaveModelRequest) -> Content:
        return existing(self._contents, request.sha256, request.size_bytes)

    def find_model(self, token: JobToken, request: FindModelRequest) -> dict[str, Any]:
        """The version that is meant; notes that it is read. Raises NotFound."""
        with self._database.reader() as reader:
            own = reader.project(ProjectId(token.project))
            project = find_project(reader, request.project) if request.project else own
            model = _find(reader, project.id, request, is_own=project.id == own.id)
            made_by = TaskNames(reader).of(model.source.task)
        read = Input(InputKind.MODEL, model.name, model.version, model.content.sha256, made_by)
        now = clock.now()
        self._commits.write(token, "", lambda writer, attempt: writer.add_inputs(attempt, [read], now))
        return model_as_json(model, project.token)


def model_as_json(model: ModelVersion, project_token: str | None) -> dict[str, Any]:
    """A version, in the form that programs have always been given."""
    return {
        "name": model.name,
        "version": model.version,
        "tags": list(model.tags),
        "access": model.access.value,
        "deployment_id": "" if model.deployment is None else str(model.deployment),
        "job_id": str(model.source.task.job),
        "project_token": project_token or "",
        "inserted_at": _with_z(model.inserted_at),
        "sha256": model.content.sha256,
        "size_bytes": model.content.size_bytes,
        "run": model.source.task.run.number,
    }


def _find(reader: Reader, project: ProjectId, request: FindModelRequest, is_own: bool) -> ModelVersion:
    name = request.name.lower()
    found = [
        one
        for one in reader.models(project, name, request.tag, request.version)
        if is_own or one.access is Access.PUBLIC
    ]
    if found:
        return found[0]
    known = [one for one in reader.models(project, name, limit=_MOST_NAMED) if is_own or one.access is Access.PUBLIC]
    if not known:
        names = sorted({one.name for one in reader.models(project) if is_own or one.access is Access.PUBLIC})
        raise NotFound(
            f"there is no model {name!r}", f"there are: {', '.join(names)}" if names else "save_model saves one"
        )
    wanted = f"version {request.version}" if request.version else f"the tag {request.tag!r}"
    listed = "; ".join(f"{one.version} ({', '.join(one.tags) or 'no tags'})" for one in known)
    raise NotFound(f"no version of the model {name!r} has {wanted}", f"there are: {listed}")


def _access(text: str) -> Access:
    try:
        return Access(text)
    except ValueError:
        raise Refused(f"access is 'private' or 'public', not {text[:40]!r}") from None


def _with_z(instant: datetime) -> str:
    return instant.astimezone(UTC).replace(tzinfo=None).isoformat(timespec="seconds") + "Z"
