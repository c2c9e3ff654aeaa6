"""Errors as the api says them: `{"error": {"message", "hint", "kind"}}` and a status code; and back again."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from skafd import errors
from skafd.errors import ConfigError, DeployError, NotFound, Refused, ScheduleError, SkafdError

_STATUS: tuple[tuple[type[SkafdError], int], ...] = (
    (NotFound, 404),
    (Refused, 409),
    (DeployError, 409),
    (ConfigError, 422),
    (ScheduleError, 422),
    (SkafdError, 500),
)


class BadRequest(SkafdError):
    """The request does not fit its route: 400."""


class Unauthorized(SkafdError):
    """Whoever asks has not shown that they may: 401."""


def status_of(error: SkafdError) -> int:
    """The HTTP status of an error."""
    if isinstance(error, BadRequest):
        return 400
    if isinstance(error, Unauthorized):
        return 401
    return next(status for kind, status in _STATUS if isinstance(error, kind))


def as_json(error: SkafdError) -> dict[str, Any]:
    """The body of an answer that says `error`."""
    return {"error": {"message": error.message, "hint": error.hint, "kind": kind_of(type(error))}}


def from_json(body: dict[str, Any]) -> SkafdError:
    """The error that a body says, of the type it had in the daemon."""
    error = body["error"]
    kinds = {kind_of(kind): kind for kind in _kinds(SkafdError)}
    return kinds.get(error["kind"], SkafdError)(error["message"], error["hint"])


def kind_of(error: type[SkafdError]) -> str:
    """`NotFound` as `not_found`."""
    return re.sub(r"(?<!^)(?=[A-Z])", "_", error.__name__).lower()


def _kinds(base: type[SkafdError]) -> Iterator[type[SkafdError]]:
    yield base
    for kind in base.__subclasses__():
        if kind.__module__ in (errors.__name__, __name__):
            yield from _kinds(kind)
