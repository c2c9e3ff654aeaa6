"""What jobs say in few words, and what they read of each other: metrics, progress, published values."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from typing import Any

from skafd import clock
from skafd.daemon import present
from skafd.daemon.finding import find_job
from skafd.daemon.for_jobs.commits import Commits, attempt_of
from skafd.daemon.for_jobs.naming import TaskNames
from skafd.errors import NotFound, Refused
from skafd.job_token import JobToken
from skafd.jobs.requests import PointsRequest, ProgressRequest, TablesRequest
from skafd.model.ids import AttemptKey, ProjectId, RunKey
from skafd.model.kept import Input, InputKind, MetricPoint, is_name, progress_of
from skafd.store import Database, Reader, Writer
from skafd.store.instants import to_instant
from skafd.store.said_by_jobs import Published


class Words:
    """A part of `skafd.jobs.backend.JobsBackend`. Not for the orchestrator's own thread."""

    def __init__(self, database: Database, commits: Commits) -> None:
        self._database = database
        self._commits = commits

    def who(self, token: JobToken) -> dict[str, Any]:
        """The attempt that the token was made for. Raises NotFound when its project is gone."""
        with self._database.reader() as reader:
            project = reader.project(ProjectId(token.project))
        return {
            "project": project.slug,
            "run": f"{project.slug}/{token.run}" if token.run else "",
            "job": token.job,
            "instance": token.instance,
            "attempt": token.attempt,
        }

    def report(self, token: JobToken, request_id: str, request: PointsRequest) -> None:
        """Adds points to the series of the attempt. Raises Refused for names that are none."""
        points = [
            MetricPoint(one.name, one.y, one.x, to_instant(one.at_microseconds), one.x_label, one.y_label)
            for one in request.points
        ]
        check_names("metric", [point.name for point in points])
        self._commits.write(token, request_id, lambda writer, attempt: writer.add_points(attempt, points))

    def progress(self, token: JobToken, request_id: str, request: ProgressRequest) -> None:
        """Notes how far the attempt is. Raises Refused for what is no number."""
        try:
            progress = progress_of(request.done, request.total, request.text, clock.now().isoformat())
        except ValueError as error:
            raise Refused(str(error)) from None
        self._commits.write(token, request_id, lambda writer, attempt: writer.set_progress(attempt, progress))

    def tables(self, token: JobToken, request_id: str, request: TablesRequest) -> None:
        """Notes what is read and written, and who had written last what is read."""
        with self._database.reader() as reader:
            inputs = [_input_of(reader, token, ProjectId(owner), table) for owner, table in request.read]
        now = clock.now()

        def note(writer: Writer, attempt: AttemptKey) -> None:
            writer.add_inputs(attempt, inputs, now)
            for owner, table in request.written:
                writer.note_write(attempt, ProjectId(owner), table, now)

        self._commits.write(token, request_id, note)

    def output(self, token: JobToken, job: str, instance: int | None) -> Any:
        """The value, parsed. Raises NotFound where there is none."""
        run = RunKey(ProjectId(token.project), token.run)
        with self._database.reader() as reader:
            detail = reader.run(run)
            config = reader.deployment(run.project, detail.run.deployment).config
            wanted = config.job(find_job(config, job))
            tasks = [one for one in reader.published(run, wanted.id) if instance in (None, one.instance)]
        names = [present.task_name(detail.run.slug, run.number, wanted, wanted.id, one.instance) for one in tasks]
        self._note_reading(token, tasks, names)
        if not tasks:
            raise NotFound(f"this run has no task {job}" + (f"[{instance}]" if instance is not None else ""))
        if instance is None and wanted.has_instances:
            return [None if task.output is None else value_of(task.output) for task in tasks]
        if tasks[0].output is None:
            raise NotFound(
                f"{job} has published nothing; it is {tasks[0].state.value.replace('_', ' ')}",
                "it does so with ska.output(value), or by writing JSON to $SKAFD_OUTPUT",
            )
        return value_of(tasks[0].output)

    def _note_reading(self, token: JobToken, tasks: Sequence[Published], names: Sequence[str]) -> None:
        inputs = [
            Input(InputKind.OUTPUT, "output", "", hashlib.sha256(task.output.encode()).hexdigest(), name)
            for task, name in zip(tasks, names, strict=True)
            if task.output is not None
        ]
        if inputs:
            now = clock.now()
            self._commits.write(token, "", lambda writer, _: writer.add_inputs(attempt_of(token), inputs, now))


def _input_of(reader: Reader, token: JobToken, owner: ProjectId, table: str) -> Input:
    """A table of another project is named with it; its version is the moment of the last write."""
    names = TaskNames(reader)
    name = table if owner == token.project else f"{names.slug(owner)}.{table}"
    last = reader.last_write(owner, table)
    if last is None:
        return Input(InputKind.TABLE, name, "", "", "")
    return Input(InputKind.TABLE, name, last.at.isoformat(timespec="milliseconds"), "", names.of(last.source.task))


def check_names(what: str, names: Sequence[str]) -> None:
    """Raises Refused for what cannot be a name."""
    for name in names:
        if not is_name(name):
            raise Refused(
                f"{name[:80]!r} cannot be the name of a {what}",
                "use printable characters, at most 500, no blanks around",
            )


def value_of(text: str) -> Any:
    """What a job has published, parsed."""
    try:
        return json.loads(text)
    except ValueError:
        # A program without the SDK may have written any text.
        return text
