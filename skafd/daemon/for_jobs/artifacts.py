"""Artifacts: bytes that come in, names that they are kept under, and who reads them."""

from __future__ import annotations

import errno
from typing import Any, BinaryIO

from skafd import clock
from skafd.artifacts.content import ContentStore
from skafd.daemon.finding import find_job, find_run
from skafd.daemon.for_jobs.commits import Commits
from skafd.daemon.for_jobs.naming import TaskNames
from skafd.daemon.for_jobs.words import check_names
from skafd.errors import NotFound, Refused
from skafd.job_token import JobToken
from skafd.jobs.requests import FindRequest, KeepRequest
from skafd.model.ids import JobId, ProjectId, RunKey, TaskKey
from skafd.model.kept import Artifact, Content, Input, InputKind
from skafd.store import Database, Reader

_PIECE_BYTES = 2**20


class Artifacts:
    """A part of `skafd.jobs.backend.JobsBackend`. Not for the orchestrator's own thread."""

    def __init__(self, database: Database, commits: Commits, contents: ContentStore) -> None:
        self._database = database
        self._commits = commits
        self._contents = contents

    def take(self, stream: BinaryIO) -> dict[str, Any]:
        """Takes bytes in. Raises Refused when there is no room for them."""
        try:
            with self._contents.stage() as staged:
                while piece := stream.read(_PIECE_BYTES):
                    staged.write(piece)
                content = staged.adopt()
        except OSError as error:
            if error.errno in (errno.ENOSPC, errno.EDQUOT):
                raise Refused(f"there is no room for it in {self._contents.folder}", "free some space") from error
            raise
        return {"sha256": content.sha256, "size_bytes": content.size_bytes}

    def give(self, token: JobToken, sha256: str) -> BinaryIO:
        """Bytes that the project may read. Raises NotFound."""
        with self._database.reader() as reader:
            if not reader.may_read(ProjectId(token.project), sha256):
                raise NotFound(f"the project has no artifact and no model with the content {sha256[:80]}")
        return self._contents.open(sha256)

    def keep(self, token: JobToken, request_id: str, request: KeepRequest) -> dict[str, Any]:
        """Gives a content a name. Raises Refused for a name that is none, NotFound for a content that is not here."""
        check_names("artifact", [request.name])
        now = clock.now()
        number = self._commits.write(
            token,
            request_id,
            lambda writer, attempt: writer.add_artifact(
                attempt, request.name, self._content(request), request.form, request.type, now
            ),
        )
        return {"artifact": number, "name": request.name, "sha256": request.sha256, "size_bytes": request.size_bytes}

    def _content(self, request: KeepRequest) -> Content:
        return existing(self._contents, request.sha256, request.size_bytes)

    def find(self, token: JobToken, request: FindRequest) -> list[dict[str, Any]]:
        """Where it is, or with `all` those of all instances; notes that it is read. Raises NotFound, Refused."""
        with self._database.reader() as reader:
            found = _find(reader, token, request)
            named = TaskNames(reader)
            names = [named.of(artifact.source.task) for artifact in found]
        inputs = [
            Input(InputKind.ARTIFACT, one.name, str(one.id), one.content.sha256, name, one.id)
            for one, name in zip(found, names, strict=True)
        ]
        now = clock.now()
        self._commits.write(token, "", lambda writer, attempt: writer.add_inputs(attempt, inputs, now))
        return [_as_json(artifact, name) for artifact, name in zip(found, names, strict=True)]


def existing(contents: ContentStore, sha256: str, size_bytes: int) -> Content:
    """A content that was sent before. Raises NotFound."""
    content = Content(sha256, size_bytes)
    if not contents.has(content):
        raise NotFound(f"the content {sha256[:12]} is not here", "send it first")
    return content


def _find(reader: Reader, token: JobToken, request: FindRequest) -> list[Artifact]:
    """Of the run that is asked for, else of this run, else of the newest in which a task that succeeded has it."""
    project = ProjectId(token.project)
    if request.run is not None:
        return _of_run(reader, _run_of(reader, project, request.run), token, request)
    here = RunKey(project, token.run)
    try:
        return _of_run(reader, here, token, request)
    except NotFound:
        earlier = reader.newest_run_with(project, request.name, _job_now(reader, project, request.job), token.run)
    if earlier is None:
        known = ", ".join(reader.artifact_names(project))
        raise NotFound(
            f"nothing was kept as {request.name!r}",
            f"this project has kept: {known}" if known else "ska.artifacts.save(name, value) keeps something",
        )
    return _of_run(reader, RunKey(project, earlier), token, request)


def _job_now(reader: Reader, project: ProjectId, name: str | None) -> JobId | None:
    """The job that has that name in the live version; None where it has none."""
    live = reader.project(project).live_deployment
    if name is None or live is None:
        return None
    found = reader.deployment(project, live).config.find_jobs(name)
    return found[0].id if len(found) == 1 else None


def _run_of(reader: Reader, project: ProjectId, text: str | int) -> RunKey:
    if str(text).isdigit():
        return RunKey(project, int(text))
    _, key = find_run(reader, str(text))
    if key.project != project:
        raise Refused(f"{text} is a run of another project", "its models can be public; its artifacts cannot")
    return key


def _of_run(reader: Reader, run: RunKey, token: JobToken, request: FindRequest) -> list[Artifact]:
    job = None
    if request.job is not None:
        config = reader.deployment(run.project, reader.run(run).run.deployment).config
        job = find_job(config, request.job)
    found = list(reader.artifacts_named(run, request.name, job, request.instance))
    if not found:
        of = f" of job {request.job}" if request.job else ""
        raise NotFound(f"nothing{of} was kept as {request.name!r} in run {run.number}")
    if request.all or len(found) == 1:
        return sorted(found, key=lambda one: (one.source.task.job, one.source.task.instance))
    own = [one for one in found if one.source.task == TaskKey(run, JobId(token.job), token.instance)]
    return own or _only(found, request.name)


def _only(found: list[Artifact], name: str) -> list[Artifact]:
    jobs = {one.source.task.job for one in found}
    if len(jobs) > 1:
        raise Refused(f"{len(jobs)} jobs of the run have kept {name!r}", "say which: job=...")
    raise Refused(f"{len(found)} instances have kept {name!r}", "say which: instance=..., or load_all(name) for a list")


def _as_json(artifact: Artifact, task: str) -> dict[str, Any]:
    return {
        "artifact": artifact.id,
        "name": artifact.name,
        "task": task,
        "instance": artifact.source.task.instance,
        "sha256": artifact.content.sha256,
        "size_bytes": artifact.content.size_bytes,
        "form": artifact.form,
        "type": artifact.type,
        "saved_at": artifact.saved_at.isoformat(),
    }
