"""What is particular to one attempt, beyond what its job says."""

from __future__ import annotations

from dataclasses import dataclass

from skafd.model.flow import Token
from skafd.model.limits import Limits


@dataclass(frozen=True, slots=True)
class Place:
    """Where in its flow an attempt stands."""

    part: str
    """What it is called within its job."""
    token: Token
    inputs: tuple[tuple[str, int], ...]
    """Steps and instances of the tasks before it."""
    retries: int
    """Further attempts of the user's code that its step may have."""
    tries_before: int = 0
    """Attempts before this one that its step counts."""
    resumed_from: str | None = None
    """What the run is called from which this one takes over what had succeeded."""


@dataclass(frozen=True, slots=True)
class Particulars:
    """From the engine to whoever launches the attempt."""

    limits: Limits = Limits()
    """Those of its job, with the memory that grew."""
    gpus: tuple[int, ...] = ()
    item: str | None = None
    instances: int = 1
    step: Place | None = None
    """Of a flow's task."""
    upstream_failed: tuple[str, ...] = ()
    """Names of the jobs before it that failed."""
