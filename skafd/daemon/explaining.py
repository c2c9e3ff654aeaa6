"""Why something is as it is, in one sentence: what was recorded, and for what has not begun what it waits for now."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from skafd import clock
from skafd.daemon import present
from skafd.daemon.finding import find_named, find_project, find_run_of, find_tasks
from skafd.daemon.orchestrator import Orchestrator
from skafd.daemon.targets import Target
from skafd.engine.awaited import awaited
from skafd.engine.why import task_sentence
from skafd.errors import SkafdError
from skafd.model.ids import JobId
from skafd.model.project import Job, OnDeploy, Project
from skafd.store import Database, Reader, views

_MOST_ASKED = 200
"""Of thousands of waiting tasks the first ones say it all."""


class Explaining:
    """Answers `skafd why`, and adds to `skafd show` what tasks wait for."""

    def __init__(self, database: Database, orchestrator: Orchestrator) -> None:
        self._database = database
        self._orchestrator = orchestrator

    def waits(self, tasks: Iterable[views.TaskView]) -> present.Waits:
        """What those that have not begun wait for now; what is written must do where nobody can say."""
        asked = [task.key for task in tasks if not (task.state.is_terminal or task.state.is_alive)]
        try:
            return self._orchestrator.explain(asked[:_MOST_ASKED]) if asked else {}
        except SkafdError:
            trouble = self._orchestrator.trouble
            return dict.fromkeys(asked, trouble) if trouble else {}

    def why(self, target: Target) -> str:
        """One sentence. Raises NotFound."""
        with self._database.reader() as reader:
            project = find_project(reader, target.project)
            if target.run is None and (sentence := self._without_run(reader, project, target)):
                return sentence
            run, tasks = self._meant(reader, project, target)
            config = reader.deployment(project.id, run.run.deployment).config
        waits = self.waits(tasks)
        return _most_telling(run.run, tasks, config, waits) if target.job else present.why_run(run, config, waits)

    def _meant(
        self, reader: Reader, project: views.ProjectRow, target: Target
    ) -> tuple[views.RunOutline, tuple[views.TaskView, ...]]:
        """The run, and the tasks of it that are meant, those that say most where there are very many."""
        key, job, step = find_run_of(reader, project, target)
        outline = reader.outline(key, present.MOST_SHOWN)
        if target.job is None:
            return outline, outline.tasks
        if target.instance is None and step == "":
            return outline, tuple(task for task in outline.tasks if task.key.job == job)
        return outline, tuple(task for _, task in find_tasks(reader, target))

    def _without_run(self, reader: Reader, project: views.ProjectRow, target: Target) -> str | None:
        """What says more than the newest run: a save that is not live, an occurrence that was missed, no run at all."""
        if project.problem and target.job is None:
            lines = str(project.problem["text"]).strip().splitlines()
            return f"the last save of {project.slug} is not live: {lines[0] if lines else project.problem['stage']}"
        if project.live_deployment is None:
            return f"{project.slug} is not deployed: no version of it has gone live yet"
        config = reader.deployment(project.id, project.live_deployment).config
        job = config.job(find_named(config, target.job)[0]) if target.job else None
        newest = reader.runs(project=project.id, job=job.id if job else None, limit=1)
        missed = reader.missed(project.id, limit=1, job=job.id if job else None)
        if missed and (not newest or newest[0].created_at < missed[0].instant):
            name = _job_name(config, missed[0].job)
            return f"{project.slug}/{name} was missed at {missed[0].instant:%Y-%m-%d %H:%M:%S} UTC: {missed[0].cause}"
        kept = [one for one in reader.gathered(project.id) if job is not None and one.job == job.id]
        if job and kept and (not newest or (newest[0].ended_at and newest[0].created_at < kept[-1].at)):
            return f"{project.slug}/{job.name.strip()} waits for {awaited(job, kept, clock.now())}"
        passed = reader.latest_unheeded(project.id, job.id if job else None)
        if passed and (not newest or newest[0].created_at < passed[0]):
            name = _job_name(config, passed[1])
            return f"{project.slug}/{name} let an event pass at {passed[0]:%Y-%m-%d %H:%M:%S} UTC: {passed[2]}"
        return None if newest else self._never_ran(project, config, job)

    def _never_ran(self, project: views.ProjectRow, config: Project, job: Job | None) -> str:
        if job is None:
            return f"{project.slug} has never run: `skafd run {project.slug}` starts it"
        name = f"{project.slug}/{job.name.strip()} has never run"
        next_at = self._orchestrator.next_of(project.id, job.id)
        if next_at is not None:
            return f"{name}: it is due next at {next_at:%Y-%m-%d %H:%M:%S} UTC"
        if job.triggers:
            return f"{name}: it waits for {awaited(job, (), clock.now())}"
        if job.dependencies:
            return f"{name}: it waits for {', '.join(repr(_job_name(config, one)) for one in job.dependencies)}"
        waits = job.on_deploy is OnDeploy.WAIT
        return f"{name}: it has no schedule" + (" and `on_deploy` is `wait`" if waits else "")


def _most_telling(run: views.RunView, tasks: Sequence[views.TaskView], config: Project, waits: present.Waits) -> str:
    jobs = {job.id: job for job in config.jobs}
    task = max(tasks, key=present.weight)
    return task_sentence(present.tell(run, task, jobs.get(task.key.job), waits))


def _job_name(config: Project, job: JobId) -> str:
    return next((one.name.strip() for one in config.jobs if one.id == job), job)
