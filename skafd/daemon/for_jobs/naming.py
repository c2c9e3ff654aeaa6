"""What people call tasks, also those of runs that are gone; each run is looked up once, however many tasks it has."""

from __future__ import annotations

from skafd.daemon import present
from skafd.errors import NotFound
from skafd.model.ids import ProjectId, RunKey, TaskKey
from skafd.model.project import Project
from skafd.store import Reader


class TaskNames:
    """From one snapshot of the database."""

    def __init__(self, reader: Reader) -> None:
        self._reader = reader
        self._slugs: dict[ProjectId, str] = {}
        self._configs: dict[RunKey, Project | None] = {}

    def slug(self, project: ProjectId) -> str:
        """The short name of a project. Raises NotFound."""
        if project not in self._slugs:
            self._slugs[project] = self._reader.project(project).slug
        return self._slugs[project]

    def of(self, task: TaskKey) -> str:
        """`churn/42/train[3]`; empty for what somebody did by hand."""
        run = task.run
        if not run.number:
            return ""
        if run not in self._configs:
            self._configs[run] = self._config(run)
        config, slug = self._configs[run], self.slug(run.project)
        try:
            job = config.job(task.job) if config else None
        except KeyError:
            job = None
        if job is None:
            # Retention has removed the run; what others were made of stays.
            return f"{slug}/{run.number}/{task.job}"
        return present.task_name(slug, run.number, job, task.job, task.instance)

    def _config(self, run: RunKey) -> Project | None:
        number = self._reader.deployment_of_run(run)
        try:
            return None if number is None else self._reader.deployment(run.project, number).config
        except NotFound:
            return None
