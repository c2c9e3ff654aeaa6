"""No control group at all: the supervisor's own view of its descendants has to do."""

from __future__ import annotations

from skafd.sandbox.spec import ResourceLimits


class NoCgroup:
    """Holds nothing and keeps no limit; `tree` and `watch` stand in for it."""

    def create(self, limits: ResourceLimits) -> tuple[str, ...]:  # noqa: ARG002
        return ()

    def entrances(self) -> list[str]:
        return []

    def pids(self) -> list[int]:
        return []

    def forbid_growth(self) -> None:
        pass

    def kill(self) -> None:
        pass

    def oom_kills(self) -> int:
        return 0

    def met_memory_limit(self) -> bool:
        return False

    def peak_memory_bytes(self) -> int | None:
        return None

    def memory_bytes(self) -> int | None:
        return None

    def cpu_seconds(self) -> float | None:
        return None

    def remove(self) -> None:
        pass
