"""What jobs ask of the daemon. Methods may block on the database or the orchestrator: each call has a thread.

Every one is given the token of who asks, which is good for its own project alone. Each raises NotFound for a name that
does not exist and Refused for what cannot be done. Writes are given the id of the request, the same for every try of
one call: what was answered before is answered again, and nothing is done twice.
"""

from __future__ import annotations

from typing import Any, BinaryIO, Protocol

from skafd.api.requests import PublishRequest
from skafd.job_token import JobToken
from skafd.jobs.requests import (
    FindModelRequest,
    FindRequest,
    KeepRequest,
    PointsRequest,
    ProgressRequest,
    SaveModelRequest,
    TablesRequest,
)


class WordsBackend(Protocol):
    """What is said in few words."""

    def who(self, token: JobToken) -> dict[str, Any]:
        """The attempt that the token was made for."""

    def report(self, token: JobToken, request_id: str, request: PointsRequest) -> None:
        """Points of metrics."""

    def progress(self, token: JobToken, request_id: str, request: ProgressRequest) -> None:
        """How far the attempt is."""

    def tables(self, token: JobToken, request_id: str, request: TablesRequest) -> None:
        """Tables that the attempt reads or writes."""

    def output(self, token: JobToken, job: str, instance: int | None) -> Any:
        """What a job of the same run has published; of one with several instances a list, by their numbers."""


class EventsBackend(Protocol):
    """What others wait for."""

    def publish(self, token: JobToken, request_id: str, request: PublishRequest) -> dict[str, Any]:
        """A named event: its number, under `event`."""


class ArtifactsBackend(Protocol):
    """What is kept under a name."""

    def take(self, stream: BinaryIO) -> dict[str, Any]:
        """Bytes that are to be given a name: `sha256` and `size_bytes`."""

    def give(self, token: JobToken, sha256: str) -> BinaryIO:
        """Bytes that the project may read."""

    def keep(self, token: JobToken, request_id: str, request: KeepRequest) -> dict[str, Any]:
        """Gives a content a name."""

    def find(self, token: JobToken, request: FindRequest) -> list[dict[str, Any]]:
        """What is kept under a name."""


class ModelsBackend(Protocol):
    """Versions of models."""

    def save_model(self, token: JobToken, request_id: str, request: SaveModelRequest) -> dict[str, Any]:
        """A new version."""

    def find_model(self, token: JobToken, request: FindModelRequest) -> dict[str, Any]:
        """The version that is meant."""


class ServicesBackend(Protocol):
    """Long-lived processes."""

    def start(self, token: JobToken, name: str) -> dict[str, Any]:
        """Starts one that jobs may use, unless it is there; returns its socket when it answers."""


class JobsBackend(Protocol):
    """The daemon, as jobs see it."""

    @property
    def words(self) -> WordsBackend: ...

    @property
    def events(self) -> EventsBackend: ...

    @property
    def artifacts(self) -> ArtifactsBackend: ...

    @property
    def models(self) -> ModelsBackend: ...

    @property
    def services(self) -> ServicesBackend: ...
