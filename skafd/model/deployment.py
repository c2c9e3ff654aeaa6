"""One immutable version of a project."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from skafd.model.ids import DeploymentNumber, ProjectId
from skafd.model.project import Project


@dataclass(frozen=True, slots=True)
class Deployment:
    """Code snapshot, parsed config and environment, numbered per project."""

    project: ProjectId
    number: DeploymentNumber
    snapshot_hash: str
    config: Project
    environment_key: str
    created_at: datetime
    linked: tuple[str, ...] = ()
    """Paths that the snapshot leaves out and that exist in the live project: linked into working folders."""
