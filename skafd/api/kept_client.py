"""The client's calls about what jobs say and keep."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from skafd.api.calling import Caller, Json, blocks_of, part_of_path


class KeptCalls(Caller):
    """A part of the client."""

    def kept(self, run: str, task: str | None = None) -> Json:
        """What a run, or one task of it, kept and read, and of what each of its tasks was made."""
        project, _, number = run.rpartition("/")
        path = f"/v1/runs/{part_of_path(project)}/{part_of_path(number)}/kept"
        return self._object("GET", path, query={"task": task})

    def read_artifact(self, number: int) -> Iterator[bytes]:
        """The bytes of an artifact, in blocks."""
        with self._answer("GET", f"/v1/artifacts/{number}/content", seconds=None) as answer:
            yield from blocks_of(answer)

    def download_artifact(self, number: int, path: Path) -> None:
        """Writes the bytes of an artifact into a file."""
        self._download(f"/v1/artifacts/{number}/content", {}, path)

    def models(self, project: str, name: str | None = None, tag: str | None = None, limit: int = 100) -> list[Json]:
        """Versions of models, newest first."""
        query = {"name": name, "tag": tag, "limit": limit}
        return self._list("GET", f"/v1/projects/{part_of_path(project)}/models", query)

    def model(self, project: str, name: str, tag: str | None = None, version: str | None = None) -> Json:
        """The newest version, with the tag where one is given, and of what it was made."""
        return self._object("GET", f"{_model(project)}", {"name": name, "tag": tag, "version": version})

    def download_model(self, project: str, name: str, version: str, path: Path) -> None:
        """Writes the bytes of a version into a file."""
        self._download(f"{_model(project)}/content", {"name": name, "version": version}, path)

    def tag_model(self, project: str, name: str, version: str, tag: str, only: bool = False) -> Json:
        """Gives a version a tag; with `only` the others lose it."""
        body = {"name": name, "version": version, "tag": tag, "only": only}
        return self._object("POST", f"{_model(project)}/tags", body=body)

    def untag_model(self, project: str, name: str, version: str, tag: str) -> None:
        """Takes a tag from a version."""
        self._json("DELETE", f"{_model(project)}/tags", {"name": name, "version": version, "tag": tag})

    def delete_model(self, project: str, name: str, version: str) -> None:
        """Removes a version."""
        self._json("DELETE", _model(project), {"name": name, "version": version})

    def metrics(self, project: str) -> list[Json]:
        """The metrics that a project reports."""
        return self._list("GET", f"/v1/projects/{part_of_path(project)}/metrics")

    def series(self, project: str, name: str, run: int | None = None, runs: int = 10, points: int = 1000) -> list[Json]:
        """The series of a metric: of a run, else of the newest runs that have it."""
        query = {"name": name, "run": run, "runs": runs, "points": points}
        return self._list("GET", f"/v1/projects/{part_of_path(project)}/series", query)

    def messages(self, target: str, level: str | None = None, label: str | None = None) -> list[Json]:
        """What jobs logged through the SDK, of at least that level, with that label."""
        return self._list("GET", "/v1/messages", {"target": target, "level": level, "label": label})

    def _download(self, path: str, query: Mapping[str, Any], target: Path) -> None:
        unfinished = target.with_name(f".{target.name}.unfinished")
        with self._answer("GET", path, query, seconds=None) as answer, unfinished.open("wb") as file:
            for block in blocks_of(answer):
                file.write(block)
        unfinished.replace(target)


def _model(project: str) -> str:
    return f"/v1/projects/{part_of_path(project)}/model"
