"""Configs, limits and outcomes to and from JSON, so that what an older version wrote can still be read."""

from __future__ import annotations

import dataclasses
import json
import types
from collections.abc import Hashable
from enum import Enum
from functools import cache, lru_cache
from typing import Any, NewType, TypeVar, Union, get_args, get_origin, get_type_hints

from skafd.errors import StoreError
from skafd.model.limits import Limits
from skafd.model.outcome import (
    Cancelled,
    Exited,
    Lost,
    NotStarted,
    OomKilled,
    Outcome,
    Signalled,
    TimedOut,
)

T = TypeVar("T")

OUTCOME_KINDS: dict[str, type[Outcome]] = {
    "exited": Exited,
    "signalled": Signalled,
    "oom_killed": OomKilled,
    "timed_out": TimedOut,
    "cancelled": Cancelled,
    "not_started": NotStarted,
    "lost": Lost,
}
_MOST_REMEMBERED = 1024
_KIND_OF = {kind: name for name, kind in OUTCOME_KINDS.items()}


def encode(value: object) -> str:
    """JSON of a dataclass made of dataclasses, tuples, enums and what JSON itself has."""
    return json.dumps(_plain(value), separators=(",", ":"), ensure_ascii=False)


def decode(kind: type[T], text: str) -> T:
    """The value of type `kind`. Missing fields get their defaults, unknown ones are ignored.

    Raises StoreError if the text cannot be such a value.
    """
    try:
        return _value(kind, json.loads(text))  # type: ignore[no-any-return]
    except (ValueError, TypeError, LookupError, AttributeError) as error:
        raise StoreError(f"the database holds a {kind.__name__} that cannot be read: {error}") from error


@lru_cache(_MOST_REMEMBERED)
def encode_limits(limits: Limits) -> str:
    """JSON. The same few are written at every launch."""
    return encode(limits)


@lru_cache(_MOST_REMEMBERED)
def decode_limits(text: str) -> Limits:
    """The limits. Raises StoreError if the text is none."""
    return decode(Limits, text)


@lru_cache(_MOST_REMEMBERED)
def encode_outcome(outcome: Outcome) -> str:
    """JSON with a `kind` that says which outcome it is."""
    return encode({"kind": _KIND_OF[type(outcome)], **_plain(outcome)})


@lru_cache(_MOST_REMEMBERED)
def decode_outcome(text: str) -> Outcome:
    """The outcome. Raises StoreError if the text is not one."""
    kind = json.loads(text).get("kind")
    if kind not in OUTCOME_KINDS:
        raise StoreError(f"the database holds an outcome of unknown kind: {kind!r}")
    return decode(OUTCOME_KINDS[kind], text)


def _plain(value: Any) -> Any:
    if dataclasses.is_dataclass(value):
        return {field.name: _plain(getattr(value, field.name)) for field in dataclasses.fields(value)}
    if isinstance(value, Enum):
        return value.value
    if isinstance(value, list | tuple):
        return [_plain(item) for item in value]
    if isinstance(value, dict):
        return {key: _plain(item) for key, item in value.items()}
    return value


def _value(kind: Any, data: Any) -> Any:
    while isinstance(kind, NewType):
        kind = kind.__supertype__
    if kind is Any:
        return data
    origin = get_origin(kind)
    if origin in (Union, types.UnionType):
        return None if data is None else _value(_other_than_none(kind), data)
    if origin is tuple:
        return _tuple(get_args(kind), data)
    if dataclasses.is_dataclass(kind):
        make: Any = kind
        hints = _hints(make)
        return make(**{name: _value(hints[name], data[name]) for name in hints.keys() & data.keys()})
    return _scalar(kind, data)


def _tuple(kinds: tuple[Any, ...], data: list[Any]) -> tuple[Any, ...]:
    if kinds[-1] is Ellipsis:
        return tuple(_value(kinds[0], item) for item in data)
    return tuple(_value(kind, item) for kind, item in zip(kinds, data, strict=True))


def _scalar(kind: type[Any], data: Any) -> Any:
    if issubclass(kind, Enum):
        return kind(data)
    if kind is float and isinstance(data, int) and not isinstance(data, bool):
        return float(data)
    if type(data) is not kind:
        raise TypeError(f"{data!r} is not a value of type {kind.__name__}")
    return data


def _other_than_none(union: Any) -> Any:
    (kind,) = (member for member in get_args(union) if member is not type(None))
    return kind


@cache
def _hints(kind: Hashable) -> dict[str, Any]:
    return get_type_hints(kind)
