"""What a child of a supervisor has to know in order to become the job."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from skafd.sandbox.direct import find_direct
from skafd.sandbox.user import User
from skafd.sandbox.warm import WarmStart


@dataclass(frozen=True, slots=True)
class Stage:
    """What the commands of one attempt have in common."""

    folder: str
    environment: Mapping[str, str]
    entrances: Sequence[str]
    """Files of the cgroup, to be written "0"."""
    user: User | None = None
    """Whose rights the commands have; None for those of this process."""
    options: Sequence[str] = ()
    """Of bubblewrap, for strict isolation."""
    open_files: int | None = None
    warm: WarmStart | None = None

    def to_json(self) -> dict[str, Any]:
        """The stage as JSON values."""
        return {
            "folder": self.folder,
            "environment": dict(self.environment),
            "entrances": list(self.entrances),
            "user": None if self.user is None else self.user.to_json(),
            "options": list(self.options),
            "open_files": self.open_files,
            "warm": None if self.warm is None else self.warm.to_json(),
        }

    @classmethod
    def from_json(cls, values: Mapping[str, Any]) -> Stage:
        """Reads back what `to_json` gave."""
        user = None if values["user"] is None else User.from_json(values["user"])
        start = None if values["warm"] is None else WarmStart.from_json(values["warm"])
        return cls(**{**values, "user": user, "warm": start})


@dataclass(frozen=True, slots=True)
class Order:
    """What a child is to become."""

    stage: Stage
    command: tuple[str, ...]
    direct: tuple[str, ...]
    """As `find_direct` says it."""

    @classmethod
    def of(cls, stage: Stage, command: Sequence[str]) -> Order:
        """The order for a command; in strict isolation, which has other files, nothing is found beforehand."""
        return cls(stage, tuple(command), () if stage.options else find_direct(command, stage.environment))

    def encode(self) -> bytes:
        """For the pipe to the child."""
        return json.dumps([self.stage.to_json(), self.command, self.direct]).encode()

    @classmethod
    def decode(cls, content: bytes) -> Order:
        """Reads back what `encode` gave."""
        stage, command, direct = json.loads(content)
        return cls(Stage.from_json(stage), tuple(command), tuple(direct))


def cookie(cgroup_name: str) -> str:
    """The line of the environment by which an attempt's processes are known where there is no cgroup."""
    return f"SKAFD_SANDBOX={cgroup_name}"
