"""Everything that has to be known about an attempt before it starts."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from skafd.errors import SandboxError
from skafd.sandbox.strict import Confinement
from skafd.sandbox.user import User
from skafd.sandbox.warm import WarmStart


@dataclass(frozen=True, slots=True)
class ResourceLimits:
    """What the process tree may use; None where there is no limit."""

    memory_bytes: int | None = None
    cpu: float | None = None
    """Cores."""
    pids: int | None = None
    """Processes and threads."""
    swap_bytes: int | None = None
    """Beyond the memory; none at all where nothing is said, if memory is limited."""
    open_files: int | None = None
    """Of each process."""
    disk_bytes: int | None = None
    """In the working folder."""
    required: bool = False
    """Do not start where a limit cannot be enforced."""

    def to_json(self) -> dict[str, Any]:
        """The limits as JSON values."""
        return {
            "memory_bytes": self.memory_bytes,
            "cpu": self.cpu,
            "pids": self.pids,
            "swap_bytes": self.swap_bytes,
            "open_files": self.open_files,
            "disk_bytes": self.disk_bytes,
            "required": self.required,
        }


@dataclass(frozen=True, slots=True)
class AttemptSpec:
    """One execution of a task. `repr` shows neither the environment nor the secrets."""

    name: str
    """For people and for notifications: `churn/42/train[0]/1`."""
    directory: str
    """The attempt's folder, absolute; created when it does not exist."""
    commands: tuple[tuple[str, ...], ...]
    """Run one after another; the first that fails is the last."""
    environment: Mapping[str, str] = field(repr=False)
    """All of it: nothing is inherited."""
    cgroup_name: str
    """Names the leaf cgroup; no other attempt has it."""
    notify_socket: str | None = None
    """The daemon's datagram socket."""
    snapshot: str | None = None
    """The folder that is copied to `work/`; None for an empty one."""
    links: Mapping[str, str] = field(default_factory=dict)
    """Path in `work/` -> absolute target, made where the snapshot has nothing."""
    beside: str | None = None
    """A folder of which everything that is not hidden is linked into `work/`, where that has nothing of the name."""
    secrets: tuple[str, ...] = field(default=(), repr=False)
    limits: ResourceLimits = ResourceLimits()
    timeout_seconds: float | None = None
    grace_seconds: float = 10.0
    """Between the request to end and the force."""
    log_cap_bytes: int = 64 * 2**20
    user: User | None = None
    """Whose rights the job has, if not those of skafd; the folder stays skafd's, `work/` becomes that user's."""
    writable: tuple[str, ...] = ()
    """Files in the attempt's folder that the job may write, and folders (`a/`): made, empty, if it could not."""
    confinement: Confinement | None = None
    """Strict isolation; None for the usual one."""
    warm: WarmStart | None = None
    """Where to ask for a process in place of exec'ing the command."""
    start: str = ""
    """Where there is nobody to ask although there could be: why."""
    gives_away: bool = False
    """What it forks belongs to other attempts, as soon as it is in their control groups."""

    def __post_init__(self) -> None:
        if not self.commands or not all(self.commands):
            raise SandboxError(f"{self.name} has no command to run")
        if not self.directory.startswith("/"):
            raise SandboxError(f"the folder of {self.name} is not absolute: {self.directory}")
        if "/" in self.cgroup_name or self.cgroup_name in ("", ".", ".."):
            raise SandboxError(f"{self.cgroup_name!r} cannot name a cgroup")

    def to_json(self) -> dict[str, Any]:
        """The spec as JSON values, secrets and environment included: for the launcher's socket, not for disk."""
        values = {name: getattr(self, name) for name in self.__slots__}
        parts = {"user": self.user, "confinement": self.confinement, "warm": self.warm}
        written = {name: None if part is None else part.to_json() for name, part in parts.items()}
        return values | written | {"limits": self.limits.to_json()}

    def encode(self) -> bytes:
        """The spec as the launcher reads it."""
        return json.dumps(self.to_json()).encode()

    @classmethod
    def from_json(cls, values: Mapping[str, Any]) -> AttemptSpec:
        """Reads back what `to_json` gave."""
        commands = tuple(tuple(command) for command in values["commands"])
        secrets = tuple(values["secrets"])
        limits = ResourceLimits(**values["limits"])
        user = None if values["user"] is None else User.from_json(values["user"])
        confinement = None if values["confinement"] is None else Confinement.from_json(values["confinement"])
        warm = None if values["warm"] is None else WarmStart.from_json(values["warm"])
        again = {"commands": commands, "secrets": secrets, "limits": limits, "user": user, "confinement": confinement}
        again |= {"warm": warm}
        return cls(**{**values, **again, "writable": tuple(values["writable"])})
