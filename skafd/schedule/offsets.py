"""What a zone's clock shows at which instants, through every change of its offset."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta, tzinfo
from typing import NamedTuple

_SECOND = timedelta(seconds=1)
_NO_OFFSET = timedelta()


class Piece(NamedTuple):
    """A stretch of time `[start, end)` during which the offset of a zone does not change."""

    start: datetime
    end: datetime
    offset: timedelta


def wall_time(instant: datetime, zone: tzinfo) -> datetime:
    """What the clock shows, without a zone."""
    return instant.astimezone(zone).replace(tzinfo=None, fold=0)


def offset_at(instant: datetime, zone: tzinfo) -> timedelta:
    """How far the clock is ahead of UTC."""
    offset = instant.astimezone(zone).utcoffset()
    assert offset is not None, "an IANA zone has an offset at every instant"
    return offset


def instant_of(wall: datetime, zone: tzinfo) -> datetime:
    """The first instant at which the clock shows `wall`; where it never does, the first instant after the gap."""
    if zone is UTC:
        return wall.replace(tzinfo=UTC)
    shown = wall.replace(tzinfo=zone).astimezone(UTC)
    if wall_time(shown, zone) == wall:
        return shown
    # In a gap the offset before it gives an instant after it, and the offset after it one before.
    return first_change(wall.replace(tzinfo=zone, fold=1).astimezone(UTC), shown, zone)


def pieces(start: datetime, end: datetime, zone: tzinfo) -> Iterator[Piece]:
    """The stretches of `[start, end)`, which must be too short for the offset to change and to change back."""
    if zone is UTC:
        yield Piece(start, end, _NO_OFFSET)
        return
    while start < end:
        offset = offset_at(start, zone)
        change = end if offset_at(end, zone) == offset else first_change(start, end, zone)
        yield Piece(start, change, offset)
        start = change


def first_change(start: datetime, end: datetime, zone: tzinfo) -> datetime:
    """The first instant in `(start, end]` whose offset is not that of `start`; it is that of `end` throughout."""
    offset = offset_at(start, zone)
    low, high = 0, -((start - end) // _SECOND)
    while high - low > 1:
        middle = (low + high) // 2
        if offset_at(start + middle * _SECOND, zone) == offset:
            low = middle
        else:
            high = middle
    return start + high * _SECOND
