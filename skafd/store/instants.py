"""Instants as the database keeps them: whole microseconds since 1970 in UTC."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import overload

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)


@overload
def to_microseconds(instant: datetime) -> int: ...
@overload
def to_microseconds(instant: None) -> None: ...
@overload
def to_microseconds(instant: datetime | None) -> int | None: ...
def to_microseconds(instant: datetime | None) -> int | None:
    """The number for an aware instant. Raises TypeError for a naive one."""
    return None if instant is None else (instant - _EPOCH) // _MICROSECOND


@overload
def to_instant(microseconds: int) -> datetime: ...
@overload
def to_instant(microseconds: None) -> None: ...
@overload
def to_instant(microseconds: int | None) -> datetime | None: ...
def to_instant(microseconds: int | None) -> datetime | None:
    """The instant, in UTC, for a number."""
    return None if microseconds is None else _EPOCH + timedelta(microseconds=microseconds)
