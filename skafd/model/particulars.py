"""What is particular to one attempt, beyond what its job says."""

from __future__ import annotations

from dataclasses import dataclass

from skafd.model.limits import Limits


@dataclass(frozen=True, slots=True)
class Particulars:
    """From the engine to whoever launches the attempt."""

    limits: Limits = Limits()
    """Those of its job, with the memory that grew."""
    gpus: tuple[int, ...] = ()
    item: str | None = None
    instances: int = 1
    upstream_failed: tuple[str, ...] = ()
    """Names of the jobs before it that failed."""
