"""What an examination of the machine says."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Severity(StrEnum):
    """How bad it is."""

    OK = "ok"
    WARNING = "warning"
    """Something is weaker or missing; skafd works."""
    ERROR = "error"
    """Jobs cannot run as promised."""


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that was looked at. `dataclasses.asdict` makes JSON-ready data of it."""

    topic: str
    severity: Severity
    says: str
    advice: str | None = None


def ok(topic: str, says: str) -> Finding:
    """Nothing to do."""
    return Finding(topic, Severity.OK, says)


def warning(topic: str, says: str, advice: str) -> Finding:
    """Worth knowing."""
    return Finding(topic, Severity.WARNING, says, advice)


def error(topic: str, says: str, advice: str) -> Finding:
    """Must be repaired."""
    return Finding(topic, Severity.ERROR, says, advice)
