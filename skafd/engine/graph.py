"""The graph of a project's jobs: who depends on whom."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from skafd.engine.admission import Needs
from skafd.model.ids import JobId, ProjectId
from skafd.model.project import Job, Project


class Graph:
    """Jobs by id, with their dependencies and dependents, in the order of the config."""

    def __init__(self, config: Project, owner: ProjectId) -> None:
        self._owner = owner
        self._pools = dict(config.pools)
        self.needs: dict[JobId, Needs] = {}
        """What each task of a job reserves, once that is known; not of flows, whose tasks differ."""
        self.jobs: dict[JobId, Job] = {job.id: job for job in config.jobs}
        self.dependencies: dict[JobId, tuple[JobId, ...]] = {
            job.id: tuple(dict.fromkeys(one for one in job.dependencies if one in self.jobs)) for job in config.jobs
        }
        self.steps: dict[JobId, dict[str, Job]] = {
            job.id: {step.name: job.for_step(step) for step in job.flow.steps} for job in config.jobs if job.flow
        }
        """For each flow, the job as each of its steps has it."""
        dependents: dict[JobId, list[JobId]] = {job_id: [] for job_id in self.jobs}
        for job_id, dependencies in self.dependencies.items():
            for dependency in dependencies:
                dependents[dependency].append(job_id)
        self.dependents: dict[JobId, tuple[JobId, ...]] = {job_id: tuple(ids) for job_id, ids in dependents.items()}

    def before_end(self, job: Job) -> list[JobId]:
        """What a job waits for that runs at the end: all that do not, and its own dependencies."""
        own = self.dependencies[job.id]
        return [one for one, other in self.jobs.items() if one in own or not other.always]

    def pools_of(self, job: Job) -> tuple[tuple[str, int], ...]:
        """The pools of a job with their places; 0 for one that is the machine's, not the project's."""
        return tuple(
            (f"{self._owner}/{name}", self._pools[name]) if name in self._pools else (name, 0) for name in job.pools
        )

    def closing_jobs(self) -> list[JobId]:
        """Jobs that run at the end of every run."""
        return [job_id for job_id, job in self.jobs.items() if job.always and not self.dependencies[job_id]]

    def roots(self) -> list[Job]:
        """Jobs that depend on nothing."""
        return [job for job_id, job in self.jobs.items() if not self.dependencies[job_id]]

    def with_dependents(self, named: Iterable[JobId], follow: Callable[[Job], bool]) -> list[JobId]:
        """The named jobs and, transitively, their dependents for which `follow` is true; in the config's order."""
        found = {job_id for job_id in named if job_id in self.jobs}
        unvisited = list(found)
        while unvisited:
            for dependent in self.dependents[unvisited.pop()]:
                if dependent not in found and follow(self.jobs[dependent]):
                    found.add(dependent)
                    unvisited.append(dependent)
        return [job_id for job_id in self.jobs if job_id in found]
