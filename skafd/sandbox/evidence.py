"""How an attempt ended, as its supervisor saw it: the content of `exit.json`."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from skafd import crash
from skafd.errors import SandboxError
from skafd.sandbox import small_files
from skafd.sandbox.spec import ResourceLimits

FILE_NAME = "exit.json"


class Verdict(StrEnum):
    """The ways to end."""

    EXITED = "exited"
    SIGNALLED = "signalled"
    """By a signal; skafd sent it only where `reason` says so (the watch over memory without cgroups)."""
    OOM_KILLED = "oom_killed"
    """The kernel's own counter rose, and the main process ended by SIGKILL or with an error."""
    TIMED_OUT = "timed_out"
    CANCELLED = "cancelled"
    NOT_STARTED = "not_started"
    """No process of it was ever exec'ed."""
    LOST = "lost"
    """The supervisor itself failed in mid-run, or was told to end by others, ended the tree and could still say so."""


@dataclass(frozen=True, slots=True)
class Evidence:
    """Everything that is known of an attempt's end. Times are seconds since the epoch.

    The end is the start and what passed since then on a clock that nobody sets, so it never comes before the start.
    """

    verdict: Verdict
    exit_code: int | None = None
    """Of the last command that ran, when it ended by itself."""
    signal: int | None = None
    reason: str = ""
    """A sentence where the verdict needs one."""
    for_want_of_room: bool = False
    """It was not started because the disk took nothing."""
    step: int = 0
    """Which command was the last, from 0."""
    limits: ResourceLimits = ResourceLimits()
    unenforced: tuple[str, ...] = ()
    """A sentence for each limit that the kernel did not keep."""
    peak_memory_bytes: int | None = None
    cpu_seconds: float | None = None
    oom_kills: int = 0
    biggest_process: str = ""
    """Where memory ran out: the process that the kernel chose, in words, or that was the largest when last seen."""
    survivors_killed: int = 0
    """Processes that were alive after the main process and had to be ended."""
    log_bytes: int = 0
    """What the job wrote, secrets masked."""
    log_bytes_dropped: int = 0
    """What of it is missing from `log`: from the middle, for the cap, or for want of disk."""
    log_head_bytes: int | None = None
    """Where the marker stands in `log` when something was left out for the cap."""
    started_at: float | None = None
    """When the first command was exec'ed."""
    start: str = ""
    """`warm` where it was forked from a process that had imported all, else `cold: ` and why; empty for most jobs."""
    ended_at: float = 0.0

    def to_json(self) -> dict[str, Any]:
        """The evidence as JSON values."""
        values = {name: getattr(self, name) for name in self.__slots__}
        return values | {"verdict": self.verdict.value, "limits": self.limits.to_json()}

    @classmethod
    def from_json(cls, values: Mapping[str, Any]) -> Evidence:
        """Reads back what `to_json` gave; raises SandboxError when it is something else."""
        try:
            known = {name: values[name] for name in cls.__slots__ if name in values}
            known["verdict"] = Verdict(values["verdict"])
            known["limits"] = ResourceLimits(**values["limits"])
            known["unenforced"] = tuple(values["unenforced"])
            return cls(**known)
        except (KeyError, TypeError, ValueError) as error:
            raise SandboxError(f"this is not the record of an attempt's end: {error}") from error


def write(directory: str, evidence: Evidence) -> None:
    """Puts `exit.json` into the attempt's folder, whole or not at all; it is durable after `sync`."""
    temporary = f"{directory}/.{FILE_NAME}"
    small_files.write(temporary, json.dumps(evidence.to_json()).encode(), durable=True)
    _appear(temporary, f"{directory}/{FILE_NAME}")


def sync(directory: str) -> None:
    """Makes the name of what `write` wrote durable."""
    small_files.sync_folder(directory)


@crash.around("exit-file.rename")
def _appear(temporary: str, path: str) -> None:
    os.rename(temporary, path)


def read(directory: str) -> Evidence | None:
    """The evidence in the attempt's folder; None when there is none. Raises SandboxError when it is damaged."""
    path = f"{directory}/{FILE_NAME}"
    try:
        content = small_files.read(path)
    except FileNotFoundError:
        return None
    try:
        values = json.loads(content)
    except ValueError as error:
        raise SandboxError(f"{path} is damaged: {error}") from error
    if not isinstance(values, dict):
        raise SandboxError(f"{path} is damaged: it holds no record")
    return Evidence.from_json(values)
