"""Due jobs whose dependencies are to succeed in other runs, found by those dependencies."""

from __future__ import annotations

from skafd.engine.open_run import OpenJob
from skafd.model.ids import JobId, ProjectId


class Awaiting:
    """An index; a job in it is neither queued nor ended."""

    def __init__(self) -> None:
        self._jobs: dict[ProjectId, dict[JobId, dict[OpenJob, None]]] = {}

    def add(self, open_job: OpenJob) -> None:
        """From now on the job is found by each dependency outside its run."""
        of_project = self._jobs.setdefault(open_job.project, {})
        for dependency in open_job.outside:
            of_project.setdefault(dependency, {})[open_job] = None

    def remove(self, open_job: OpenJob) -> None:
        """It is found no more; one that is not there is no error."""
        if not open_job.outside:
            return
        of_project = self._jobs.get(open_job.project, {})
        for dependency in open_job.outside:
            waiting = of_project.get(dependency, {})
            waiting.pop(open_job, None)
            if not waiting:
                of_project.pop(dependency, None)
        if not of_project:
            self._jobs.pop(open_job.project, None)

    def on(self, project: ProjectId, dependency: JobId) -> list[OpenJob]:
        """Those that wait for a job to succeed."""
        return list(self._jobs.get(project, {}).get(dependency, ()))

    def of(self, project: ProjectId, job: JobId | None = None) -> list[OpenJob]:
        """Those of a project that wait, or of one job of it."""
        if project not in self._jobs:
            return []
        waiting = (one for jobs in self._jobs.get(project, {}).values() for one in jobs)
        return [one for one in dict.fromkeys(waiting) if job in (None, one.job.id)]

    def __len__(self) -> int:
        return sum(len(jobs) for of_project in self._jobs.values() for jobs in of_project.values())
