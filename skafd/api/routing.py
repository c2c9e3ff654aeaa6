"""What a line of the table of routes says."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from skafd.api.backend import Backend
from skafd.errors import NotFound


class Answer(StrEnum):
    """The form of an answer, by its media type."""

    JSON = "application/json"
    LINES = "application/x-ndjson"
    """One JSON object per line, each sent when it is known."""
    TEXT = "text/plain"
    """Bytes of a log, sent as they come."""
    BYTES = "application/octet-stream"
    """A file, whose path is what `work` returns."""


class Stream(StrEnum):
    """Answers that the server makes itself because they take their time, or are asked for often."""

    STATUS = "status"
    UP = "up"
    LOGS = "logs"
    CHANGES = "changes"
    WEBHOOK = "webhook"


@dataclass(frozen=True, slots=True)
class Query:
    """One parameter of a query string."""

    name: str
    type: type[str] | type[int] | type[bool] | type[float]
    summary: str
    default: Any = None
    required: bool = False


@dataclass(frozen=True, slots=True)
class Call:
    """A request after it was checked against its route."""

    path: Mapping[str, str]
    query: Mapping[str, Any]
    body: Any

    @property
    def project(self) -> str:
        """The project named in the path."""
        return self.path["project"]


@dataclass(frozen=True, slots=True)
class Route:
    """One line of the table. `work` blocks, and runs in a thread."""

    method: str
    path: str
    summary: str
    work: Callable[[Backend, Call], Any] | Stream
    response: Any = None
    """The type of the answer, of one line of it for a stream; None: an empty answer, 204."""
    request: Any = None
    query: tuple[Query, ...] = ()
    answer: Answer = Answer.JSON


def number_in_path(call: Call, what: str, command: str) -> int:
    """The number of something in the path; `command` lists them. Raises NotFound for what is no number."""
    text = call.path["number"]
    if not text.isdigit():
        raise NotFound(f"there is no {what} {text}", f"`{command}` lists them")
    return int(text)
