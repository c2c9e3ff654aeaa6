"""One immutable version of a project."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from skafd.model.ids import DeploymentNumber, JobId, ProjectId
from skafd.model.project import Project


@dataclass(frozen=True, slots=True)
class Deployment:
    """Code snapshot, parsed config and environment, numbered per project."""

    project: ProjectId
    number: DeploymentNumber
    snapshot_hash: str
    config: Project
    environment_key: str
    """Of every job that is not in `job_environments`."""
    created_at: datetime
    linked: tuple[str, ...] = ()
    """Paths that the snapshot leaves out and that exist in the live project: linked into working folders."""
    job_environments: tuple[tuple[JobId, str], ...] = ()
    """Keys of the environments of those jobs that have one of their own."""
    slug: str = ""
    """What people call its project; by it the jobs of others wait for its success."""
    layers: tuple[tuple[str, str], ...] = ()
    """Names of what skafd adds beside the jobs' environments, as for notebooks, with the keys."""

    def environment_of(self, job: JobId) -> str:
        """The key of the environment that the job runs in."""
        return dict(self.job_environments).get(job, self.environment_key)

    @property
    def environment_keys(self) -> tuple[str, ...]:
        """All of them, each once."""
        others = (*self.job_environments, *self.layers)
        return tuple(dict.fromkeys((self.environment_key, *(key for _, key in others))))
