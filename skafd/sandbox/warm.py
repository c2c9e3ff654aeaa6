"""A warm start: a command that a process runs which was forked from one that has imported everything already.

Whoever would exec the command asks such a server for a process instead, lets it into the attempt's control group before
it does anything, and attends to its output until it has ended. It is no child of ours, and all that ends with the
control group ends with it. Where anything is in doubt, the command is exec'ed as ever: a cold start.
"""

from __future__ import annotations

import json
import struct
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class WarmStart:
    """Where to ask for a process. What cannot be had there is exec'ed."""

    folder: str
    """Where the server has its socket."""
    uid: int
    """Whose it has to be, and whose its processes."""

    def to_json(self) -> dict[str, Any]:
        """The place as JSON values."""
        return {"folder": self.folder, "uid": self.uid}

    @classmethod
    def from_json(cls, values: Mapping[str, Any]) -> WarmStart:
        """Reads back what `to_json` gave."""
        return cls(values["folder"], values["uid"])


class NoWarmStart(Exception):
    """The command has to be exec'ed; `str()` is the reason."""


@dataclass(frozen=True, slots=True)
class Request:
    """What a process needs to know to become the command."""

    command: Sequence[str]
    environment: Mapping[str, str]
    folder: str
    open_files: int | None
    entrances: Sequence[str]
    """Of the control group."""
    may_enter: bool
    """It has the right to enter by itself; else it is let in."""

    def encode(self) -> bytes:
        """As the server's process reads it."""
        values = {
            "command": list(self.command),
            "environment": dict(self.environment),
            "folder": self.folder,
            "open_files": self.open_files,
            "entrances": list(self.entrances) if self.may_enter else [],
        }
        content = json.dumps(values).encode()
        return struct.pack("!Q", len(content)) + content


def own_command(command: Sequence[str]) -> Sequence[str]:
    """What the command would have had executed in its turn."""
    return command[list(command).index("--") + 1 :]
