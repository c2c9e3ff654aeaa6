"""What a supervisor needs of a control group, whatever the kernel has."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, Protocol

from skafd.sandbox.cgroup.scope import Scope
from skafd.sandbox.spec import ResourceLimits


class CgroupKind(StrEnum):
    """The three situations in which a machine can be."""

    V2 = "v2"
    V1 = "v1"
    NONE = "none"


@dataclass(frozen=True, slots=True)
class CgroupPlace:
    """A folder per controller: below it attempts have theirs, or, after `leaf`, that of one attempt."""

    kind: CgroupKind
    folders: Mapping[str, str] = field(default_factory=dict)
    """`memory`, `cpu`, `pids` (and `cpuacct`) -> absolute folder; those that are missing cannot be enforced."""
    problems: tuple[str, ...] = ()
    """Why there is not more, for `skafd doctor`."""
    scope: Scope | None = None
    """Where each launcher is to run in a scope of its own: it finds its folders there, these were an example."""
    is_swap_uncounted: bool = False
    """The machine has swap, and the kernel does not count what a group takes of it: nobody can be denied any."""

    def leaf(self, name: str) -> CgroupPlace:
        """The folders of one attempt."""
        folders = {key: f"{folder}/{name}" for key, folder in self.folders.items()}
        return CgroupPlace(self.kind, folders, is_swap_uncounted=self.is_swap_uncounted)

    def enforces(self, controller: str) -> bool:
        """Limits of `memory`, `cpu` or `pids` are kept by the kernel here."""
        return controller in self.folders

    def to_json(self) -> dict[str, Any]:
        """The place as JSON values."""
        scope = {"scope": self.scope.to_json()} if self.scope else {}
        uncounted = {"is_swap_uncounted": True} if self.is_swap_uncounted else {}
        return {"kind": self.kind.value, "folders": dict(self.folders), **scope, **uncounted}

    @classmethod
    def from_json(cls, values: Mapping[str, Any]) -> CgroupPlace:
        """Reads back what `to_json` gave."""
        scope = Scope.from_json(values["scope"]) if "scope" in values else None
        uncounted = values.get("is_swap_uncounted", False)
        return cls(CgroupKind(values["kind"]), values["folders"], scope=scope, is_swap_uncounted=uncounted)


class Cgroup(Protocol):
    """The control group of one attempt. Every method may raise OSError."""

    def create(self, limits: ResourceLimits) -> tuple[str, ...]:
        """Makes it and sets the limits; returns a sentence for each limit that could not be set."""
        ...

    def entrances(self) -> list[str]:
        """The files to which a process writes "0" in order to enter."""
        ...

    def pids(self) -> list[int]:
        """The processes in it."""
        ...

    def forbid_growth(self) -> None:
        """Prepares for killing: nothing in it may fork any more, and nothing is held back from ending."""
        ...

    def kill(self) -> None:
        """Sends SIGKILL to each process in it, once."""
        ...

    def oom_kills(self) -> int:
        """How many of its processes the kernel ended for want of memory."""
        ...

    def met_memory_limit(self) -> bool:
        """It has used as much memory as its own limit allows, at some time."""
        ...

    def peak_memory_bytes(self) -> int | None:
        """The most memory it ever used."""
        ...

    def memory_bytes(self) -> int | None:
        """The memory it uses now, without what the kernel would give up at once; None where nobody counts."""
        ...

    def cpu_seconds(self) -> float | None:
        """The processor time it used."""
        ...

    def remove(self) -> None:
        """Removes it, empty; nothing happens when it does not exist."""
        ...
