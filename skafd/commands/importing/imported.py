"""What an import found: jobs, what they share, files to write, and what was left out."""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

_LONGEST_NAME = 40


@dataclass(frozen=True, slots=True, order=True)
class Unmapped:
    """A construct that has no counterpart here, or another meaning."""

    line: int
    what: str
    """The construct, as it stands in the file."""
    why: str
    """What became of it, and what to do."""


@dataclass(slots=True)
class Imported:
    """A project in the making. `settings` and each of `jobs` hold keys of metis.config.yml."""

    name: str
    settings: dict[str, Any] = field(default_factory=dict)
    jobs: list[dict[str, Any]] = field(default_factory=list)
    files: dict[str, str] = field(default_factory=dict)
    """Path in the project -> content."""
    unmapped: list[Unmapped] = field(default_factory=list)

    def leave_out(self, line: int, what: str, why: str) -> None:
        """Notes something for the report."""
        self.unmapped.append(Unmapped(line, what, why))

    def give_roots(self, values: dict[str, Any]) -> None:
        """Gives the jobs at which a run begins what says when it does."""
        for job in self.jobs:
            if not job.get("dependencies") and not job.get("always"):
                job.update(values)

    def add_command(self, job: dict[str, Any], command: str) -> None:
        """Adds a job that runs a shell command, in a script of its own where an entrypoint cannot hold it.

        An entrypoint gives `|` a meaning of its own, and has one line.
        """
        if "|" in command or "\n" in command:
            path = f"{job['name']}.sh"
            self.files[path] = f"#!/bin/sh\n{command.rstrip()}\n"
            command = f"sh {shlex.quote(path)}"
        self.jobs.append({"name": job["name"], "language": "any", "entrypoint": command, **job})


def unique_name(wanted: str, taken: Iterable[str]) -> str:
    """A name made of `wanted` that is fit for a job and that no other has."""
    known = set(taken)
    fit = re.sub(r"[^A-Za-z0-9_.-]+", "-", wanted).strip("-.")[:_LONGEST_NAME] or "job"
    name, number = fit, 1
    while name in known:
        number += 1
        name = f"{fit}-{number}"
    return name
