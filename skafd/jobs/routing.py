"""One request of a job, and one line of the table of what jobs can ask."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any, BinaryIO

from skafd.api.failures import BadRequest
from skafd.job_token import JobToken
from skafd.jobs.backend import JobsBackend


@dataclass(frozen=True, slots=True)
class JobCall:
    """One request of a job. `body` is of the route's type, `stream` what is sent to a route that has none."""

    token: JobToken
    request_id: str
    """The same for every try of one call."""
    path: Mapping[str, str]
    query: Mapping[str, str]
    body: Any
    stream: BinaryIO

    def number(self, name: str) -> int | None:
        """A whole number from the query, None when it is left out. Raises BadRequest."""
        text = self.query.get(name)
        if text is not None and not re.fullmatch(r"[0-9]{1,18}", text):
            raise BadRequest(f"{name} is not a whole number: {text!r}")
        return None if text is None else int(text)

    def text(self, name: str) -> str:
        """A text from the query that has to be there. Raises BadRequest."""
        if not self.query.get(name):
            raise BadRequest(f"the query parameter {name!r} is missing")
        return self.query[name]


@dataclass(frozen=True)
class JobRoute:
    """One line of the table; `path` may have `{names}`. What `work` returns is sent as JSON, a stream as it is."""

    method: str
    path: str
    work: Callable[[JobsBackend, JobCall], Any]
    request: Any = None
    """The type of the body."""

    @cached_property
    def _pattern(self) -> re.Pattern[str]:
        return re.compile(re.sub(r"\\\{(\w+)\\\}", r"(?P<\1>[^/]+)", re.escape(self.path)))

    def match(self, method: str, path: str) -> Mapping[str, str] | None:
        """The names in the path, None for another route."""
        if method != self.method:
            return None
        found = self._pattern.fullmatch(path)
        return found.groupdict() if found else None
