"""What the api says of environments: shapes, routes, and the client's calls."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar, Protocol


@dataclass(frozen=True, slots=True)
class EnvironmentInfo:
    key: str
    kind: str
    """`bare`, `uv`, `pip` or `conda`; empty where a version of skafd made it that did not write that down."""
    python: str
    packages: int
    size_bytes: int
    """All its files, also those that it shares with others by hard links."""
    own_bytes: int
    """What removing it would free."""
    made_at: str
    used_at: str
    """When a deployment last asked for it."""
    users: list[str]
    """Deployments that are kept and need it: `churn#12`."""


@dataclass(frozen=True, slots=True)
class CollectRequest:
    """`dry_run`: say what would be removed; `keys`: only these of it."""

    __pydantic_config__: ClassVar[dict[str, Any]] = {"extra": "forbid"}
    dry_run: bool = False
    keys: list[str] | None = None


class EnvironmentsBackend(Protocol):
    """What the api needs of whoever keeps environments."""

    def environments(self) -> list[EnvironmentInfo]: ...

    def collect_environments(self, dry_run: bool, keys: list[str] | None) -> list[EnvironmentInfo]:
        """Removes those that no kept deployment needs (of `keys`, if any are named); returns them."""
