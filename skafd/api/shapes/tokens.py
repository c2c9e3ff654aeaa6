"""Tokens, and what they let in to."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class JobTokenInfo:
    """With what a program that skafd does not run can use the SDK."""

    token: str
    socket: str
    """Where the daemon answers jobs."""


@dataclass(frozen=True, slots=True)
class DataTokenInfo:
    """A token of the Data Endpoint."""

    number: int
    project: str
    name: str
    """What its owner wants to know it by."""
    created_at: str
    last_used_at: str | None
    """To the minute."""
    token: str | None = None
    """In the answer that makes it, and never again."""


@dataclass(frozen=True, slots=True)
class DataPage:
    """A page of a table, as it is sent."""

    body: bytes
    media_type: str
    next: str | None
    """With CSV: the offset of the next page."""


@dataclass(frozen=True, slots=True)
class WebhookTokenInfo:
    """A token of a webhook."""

    number: int
    project: str
    webhook: str
    created_at: str
    last_used_at: str | None
    token: str | None = None
    """In the answer that makes it, and never again."""
