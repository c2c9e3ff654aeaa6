"""What becomes of one save."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

from skafd.config import Problem
from skafd.deploy.snapshot import Snapshot
from skafd.errors import StoreError
from skafd.model.environment import PreparedEnvironments
from skafd.model.project import Project
from skafd.no_room import is_for_want_of_room


class Stage(StrEnum):
    """How far a refused save came."""

    SNAPSHOT = "snapshot"
    CONFIG = "config"
    ENVIRONMENT = "environment"
    FLOW = "flow"
    RELEASE = "release"


@dataclass(frozen=True, slots=True)
class Deployable:
    """All is there to go live: what is left is to switch, in one transaction."""

    folder: Path
    slug: str
    config: Project
    snapshot: Snapshot
    environments: PreparedEnvironments
    problems: tuple[Problem, ...] = ()
    """Of the config: warnings only."""

    @property
    def warnings(self) -> tuple[str, ...]:
        """Of the snapshot, for people."""
        return (*self.environments.warnings, *self.snapshot.warnings)


@dataclass(frozen=True, slots=True)
class RefusedDeploy:
    """The save cannot go live; what is live stays."""

    folder: Path
    stage: Stage
    message: str
    """For people; of a config problem with file:line:column, the line and a caret."""
    hint: str | None = None
    problems: tuple[Problem, ...] = ()
    snapshot_hash: str | None = None
    may_pass: bool = False
    """Nothing is wrong with the save: the disk was full, or the database refused."""


@dataclass(frozen=True, slots=True)
class Unchanged:
    """The folder holds what was last deployed from it: an earlier refusal is moot."""

    folder: Path
    snapshot_hash: str


Result = Deployable | RefusedDeploy | Unchanged


def may_pass(error: BaseException) -> bool:
    """Whether the same save may go live in a while: the disk was to blame, or the database."""
    cause: BaseException | None = error
    while cause is not None:
        if isinstance(cause, StoreError):
            return True
        cause = cause.__cause__
    return is_for_want_of_room(error)
