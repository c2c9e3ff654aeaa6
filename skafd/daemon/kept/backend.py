"""What people ask about what jobs said and kept."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

from skafd.api.kept import MessageInfo, MetricInfo, ModelInfo, RunKept, SeriesInfo, TagRequest
from skafd.api.shapes import LogSource
from skafd.artifacts.content import ContentStore
from skafd.daemon.finding import find_project
from skafd.daemon.for_jobs.naming import TaskNames
from skafd.daemon.for_jobs.words import check_names
from skafd.daemon.kept.infos import input_info, model_info, series_info
from skafd.daemon.kept.of_run import kept_of_run, kept_of_task
from skafd.daemon.mailbox import Mailbox
from skafd.daemon.messages import read_messages
from skafd.errors import NotFound
from skafd.model.kept import ModelVersion
from skafd.store import Database, Purpose, Reader, Writer


class Kept:
    """Implements `skafd.api.kept.KeptBackend`. Not for the orchestrator's own thread."""

    def __init__(
        self,
        database: Database,
        mailbox: Mailbox,
        contents: ContentStore,
        deployments: Path,
        sources: Callable[[str], list[LogSource]],
    ) -> None:
        self._database = database
        self._mailbox = mailbox
        self._contents = contents
        self._deployments = deployments
        self._sources = sources

    def of_run(self, run: str, task: str | None = None) -> RunKept:
        """Everything, or what is of one task. Raises NotFound."""
        with self._database.reader() as reader:
            if task is None:
                return kept_of_run(reader, self._deployments, run)
            return kept_of_task(reader, self._deployments, run, task)

    def artifact_path(self, number: int) -> Path:
        """Where its bytes are. Raises NotFound."""
        with self._database.reader() as reader:
            artifact = reader.artifact(number)
        if artifact is None:
            raise NotFound(f"there is no artifact {number}", "`skafd show RUN --artifacts` lists them")
        return self._path(artifact.content.sha256)

    def models(self, project: str, name: str | None, tag: str | None, limit: int) -> list[ModelInfo]:
        """Versions, newest first. Raises NotFound."""
        with self._database.reader() as reader:
            found = reader.models(find_project(reader, project).id, name and name.lower(), tag, limit=limit)
            names = TaskNames(reader)
            return [model_info(names, one) for one in found]

    def model(self, project: str, name: str, tag: str | None, version: str | None) -> ModelInfo:
        """One, with what it was made of. Raises NotFound."""
        with self._database.reader() as reader:
            found = _find_model(reader, project, name, tag, version)
            names, source = TaskNames(reader), found.source.task
            inputs = reader.inputs_of_run(source.run, source) if source.run.number else ()
            return replace(model_info(names, found), made_of=[input_info(names, one) for one in inputs])

    def model_path(self, project: str, name: str, tag: str | None, version: str | None) -> Path:
        """Where its bytes are. Raises NotFound."""
        with self._database.reader() as reader:
            found = _find_model(reader, project, name, tag, version)
        return self._path(found.content.sha256)

    def tag_model(self, project: str, request: TagRequest) -> ModelInfo:
        """Gives a tag. Raises NotFound, Refused."""
        check_names("tag", [request.tag])

        def change(writer: Writer, model: ModelVersion) -> None:
            if request.only:
                writer.promote_model(model, request.tag)
            else:
                writer.tag_model(model, [request.tag])

        self._change(project, request.name, request.version, change)
        return self.model(project, request.name, None, request.version)

    def untag_model(self, project: str, name: str, version: str, tag: str) -> None:
        """Takes a tag. Raises NotFound."""

        def change(writer: Writer, model: ModelVersion) -> None:
            if not writer.untag_model(model, tag):
                raise NotFound(f"{model.name} {model.version} has no tag {tag!r}", f"it has: {', '.join(model.tags)}")

        self._change(project, name, version, change)

    def delete_model(self, project: str, name: str, version: str) -> None:
        """Its bytes go later, when nothing else has them. Raises NotFound."""
        self._change(project, name, version, lambda writer, model: writer.delete_model(model))

    def metrics(self, project: str) -> list[MetricInfo]:
        """By name. Raises NotFound."""
        with self._database.reader() as reader:
            return [MetricInfo(*one) for one in reader.metric_names(find_project(reader, project).id)]

    def series(self, project: str, name: str, run: int | None, runs: int, points: int) -> list[SeriesInfo]:
        """Oldest run first. Raises NotFound where nobody reported it."""
        with self._database.reader() as reader:
            row = find_project(reader, project)
            found = reader.metric_series(row.id, name, run, runs)
            if not found:
                known = ", ".join(one for one, _, _ in reader.metric_names(row.id))
                where = f" in run {run}" if run is not None else ""
                raise NotFound(
                    f"{row.slug} has reported no metric {name!r}{where}",
                    f"it has: {known}" if known else "ska.report(name, y) reports one",
                )
            names = TaskNames(reader)
            return [series_info(reader, names, one, max(2, points)) for one in found]

    def messages(self, target: str, level: str | None, label: str | None, limit: int) -> list[MessageInfo]:
        """The last of the newest attempts of a target. Raises NotFound, Refused."""
        return read_messages(self._sources(target), level, label, limit)

    def _path(self, sha256: str) -> Path:
        self._contents.open(sha256).close()
        return self._contents.path(sha256)

    def _change(self, project: str, name: str, version: str, change: Callable[[Writer, ModelVersion], None]) -> None:
        with self._database.reader() as reader:
            model = _find_model(reader, project, name, None, version)

        def prepare(writer: Writer) -> list[Any]:
            change(writer, model)
            return []

        self._mailbox.put(prepare, Purpose.MODEL).result()


def _find_model(reader: Reader, project: str, name: str, tag: str | None, version: str | None) -> ModelVersion:
    row = find_project(reader, project)
    found = reader.models(row.id, name.lower(), tag, version, limit=1)
    if found:
        return found[0]
    which = f" with version {version}" if version else f" with the tag {tag!r}" if tag else ""
    raise NotFound(f"{row.slug} has no model {name!r}{which}", f"`skafd models list {row.slug}` lists them")
