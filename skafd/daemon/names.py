"""What people call projects and jobs, where only their ids are known."""

from __future__ import annotations

from skafd.model.ids import JobId, ProjectId
from skafd.store import Reader


class Names:
    """Read once, from one snapshot of the database."""

    def __init__(self, reader: Reader) -> None:
        self._slugs = {row.id: row.slug for row in reader.projects(forgotten=True)}
        self._jobs = {
            (live.project, job.id): job.name.strip() for live in reader.live_deployments() for job in live.config.jobs
        }

    def project(self, project: ProjectId) -> str:
        return self._slugs.get(project, project)

    def job(self, project: ProjectId, job: JobId) -> str:
        return self._jobs.get((project, job), job)

    def target(self, project: ProjectId, job: JobId | None) -> str:
        return f"{self.project(project)}/{self.job(project, job)}" if job else self.project(project)
