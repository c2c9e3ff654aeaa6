"""What the api asks: answered from the database; what tasks wait for now only the orchestrator knows."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from skafd.api.differences import DeploymentDiff, RunDiff
from skafd.api.shapes import (
    DaemonInfo,
    DeploymentInfo,
    Explanation,
    HistoryEntry,
    LogSource,
    NotebookPage,
    ProjectStatus,
    RunDetail,
    RunFilter,
    RunSummary,
    Status,
    TaskUsage,
    Variable,
)
from skafd.daemon import present
from skafd.daemon.changes import Changes
from skafd.daemon.comparing import compare_runs
from skafd.daemon.comparing_versions import compare_deployments
from skafd.daemon.deploying import Deploying
from skafd.daemon.drifting import drift_of
from skafd.daemon.explaining import Explaining
from skafd.daemon.finding import find_job, find_project, find_run, find_tasks, live_deployment
from skafd.daemon.launching import NOTEBOOKS
from skafd.daemon.notebooks import Executed, find_converter, find_notebook, read_page
from skafd.daemon.orchestrator import Orchestrator
from skafd.daemon.remembered import Remembered
from skafd.daemon.status_board import StatusBoard
from skafd.daemon.targets import parse_target
from skafd.daemon.usages import usage_points
from skafd.environments.notebook.layers import RUNNER
from skafd.errors import Refused
from skafd.home import Home
from skafd.model.deployment import Deployment
from skafd.model.ids import DeploymentNumber, ProjectId, RunKey
from skafd.model.project import Project
from skafd.model.states import RunState
from skafd.sandbox import usage
from skafd.store import Database, Reader, views

MASK = "***"
_MOST_LOG_SOURCES = 200
"""A task with thousands of instances is not streamed as a whole."""
_MOST_DEPLOYMENTS = 64


class Questions:
    """The part of the backend that changes nothing. Callable from any thread."""

    def __init__(
        self, about: DaemonInfo, database: Database, orchestrator: Orchestrator, deploying: Deploying, changes: Changes
    ) -> None:
        self._about = about
        self._database = database
        self._orchestrator = orchestrator
        self._deploying = deploying
        self._changes = changes
        self._board = StatusBoard(changes, deploying.notes_of, orchestrator.next_of)
        self._explaining = Explaining(database, orchestrator)
        self._deployments: Remembered[tuple[ProjectId, DeploymentNumber], Deployment] = Remembered(_MOST_DEPLOYMENTS)

    def status(self, after: int = -1) -> Status:
        """Everything that `skafd status` shows, of the projects that changed after that number."""
        number = self._changes.number
        projects, names = self._board.all(self._database, after)
        return Status(self._about, projects, number=number, names=names, trouble=self._orchestrator.trouble)

    def project(self, project: str) -> ProjectStatus:
        """One project of `status`."""
        with self._database.reader() as reader:
            return self._board.of(reader, find_project(reader, project))

    def runs(self, project: str | None, limit: int, before: int | None, chosen: RunFilter) -> list[RunSummary]:
        """Runs, newest first; `before` is a run's number and needs `project`. Raises Refused for no such state."""
        with self._database.reader() as reader:
            row = find_project(reader, project) if project else None
            found = reader.runs(
                project=row.id if row else None,
                states=_states(chosen.state),
                tag=chosen.tag,
                user=_user(chosen.namespace),
                limit=limit,
                before=RunKey(row.id, before) if row and before else None,
            )
            return [present.run_summary(view, self._config(reader, view)) for view in found]

    def run(self, run: str) -> RunDetail:
        """One run."""
        with self._database.reader() as reader:
            _, key = find_run(reader, run)
            detail = reader.outline(key, present.MOST_SHOWN)
            config = self._config(reader, detail.run)
            drift = drift_of(reader, key.project, detail.run.deployment)
        return replace(present.run_detail(detail, config, self._explaining.waits(detail.tasks)), drift=drift)

    def diff(self, first: str, second: str) -> RunDiff:
        """What differs between two runs."""
        return compare_runs(self._database, Home(Path(self._about.home)).deployments, first, second)

    def diff_deployments(self, project: str, first: int | None, second: int) -> DeploymentDiff:
        """What `second` changed since `first`, or since the one before it. Raises Refused where there is none."""
        return compare_deployments(self._database, Home(Path(self._about.home)).deployments, project, first, second)

    def why(self, target: str) -> Explanation:
        """One sentence from recorded decisions."""
        return Explanation(target, self._explaining.why(parse_target(target)))

    def history(self, project: str, job: str, limit: int) -> list[HistoryEntry]:
        """The last executions of a job that have ended, oldest first."""
        with self._database.reader() as reader:
            row = find_project(reader, project)
            config = live_deployment(reader, row).config
            found = config.job(find_job(config, job))
            ended = reader.ended_attempts(row.id, found.id, limit)
        return [present.history_entry(row.slug, found, attempt) for attempt in reversed(ended)]

    def deployments(self, project: str) -> list[DeploymentInfo]:
        """Newest first."""
        with self._database.reader() as reader:
            row = find_project(reader, project)
            return [present.deployment_info(view) for view in reader.deployments(row.id)]

    def variables(self, project: str, show: bool) -> list[Variable]:
        """By key; masked unless `show`."""
        with self._database.reader() as reader:
            found = reader.variables(find_project(reader, project).id)
        return [Variable(key, value if show else MASK) for key, value in found.items()]

    def log_sources(self, target: str) -> list[LogSource]:
        """The newest attempt of each task that the target means."""
        with self._database.reader() as reader:
            tasks = find_tasks(reader, parse_target(target))
            begun = [(run, task) for run, task in tasks if task.attempts]
            return [self._log_source(reader, run, task) for run, task in begun[:_MOST_LOG_SOURCES]]

    def usage(self, target: str) -> list[TaskUsage]:
        """Of the newest attempt of each task that the target means."""
        with self._database.reader() as reader:
            tasks = find_tasks(reader, parse_target(target))
            begun = [(run, task) for run, task in tasks if task.attempts]
            return [self._usage(reader, run, task) for run, task in begun[:_MOST_LOG_SOURCES]]

    def notebook(self, target: str, name: str | None, as_html: bool) -> NotebookPage:
        """What the newest attempts that the target means have executed, the one that is meant."""
        with self._database.reader() as reader:
            tasks = find_tasks(reader, parse_target(target))
            places = [
                Executed(self._task_name(reader, run, task), task.attempts[-1].directory / NOTEBOOKS)
                for run, task in tasks
                if task.attempts
            ]
            run = tasks[0][0]
            layers = dict(self._deployment(reader, run.key.project, run.deployment).layers)
        place, file = find_notebook(target, places, name)
        home = Home(Path(self._about.home))
        return read_page(place, file, find_converter(home, layers.get(RUNNER)) if as_html else None)

    def change_number(self) -> int:
        """Grows with every change."""
        return self._changes.number

    def wait_for_change(self, after: int, seconds: float) -> int:
        """Blocks until there is a change after `after`, at most `seconds`."""
        return self._changes.wait(after, seconds)

    # --- helpers ----------------------------------------------------------------------------------------

    def _config(self, reader: Reader, run: views.RunView) -> Project:
        """The config that the run runs on."""
        return self._deployment(reader, run.key.project, run.deployment).config

    def _deployment(self, reader: Reader, project: ProjectId, number: DeploymentNumber) -> Deployment:
        """Deployments never change, so the last few are remembered."""
        return self._deployments.get((project, number), lambda: reader.deployment(project, number))

    def _task_name(self, reader: Reader, run: views.RunView, task: views.TaskView) -> str:
        job = self._config(reader, run).job(task.key.job)
        return present.task_name(run.slug, run.key.number, job, job.id, task.key.instance, task.part)

    def _log_source(self, reader: Reader, run: views.RunView, task: views.TaskView) -> LogSource:
        newest = task.attempts[-1]
        return LogSource(
            task=self._task_name(reader, run, task),
            path=str(newest.directory / "log"),
            finished=newest.state.is_terminal,
        )

    def _usage(self, reader: Reader, run: views.RunView, task: views.TaskView) -> TaskUsage:
        newest = task.attempts[-1]
        points = usage_points(usage.read(str(newest.directory)))
        seen = max((point.memory_bytes for point in points), default=None)
        return TaskUsage(
            task=self._task_name(reader, run, task),
            attempt=newest.number,
            ended=newest.state.is_terminal,
            limit_cores=newest.limits.cpu,
            limit_memory_bytes=newest.limits.memory_bytes,
            peak_memory_bytes=newest.usage.peak_memory_bytes or seen,
            points=points,
        )


def _states(text: str | None) -> list[RunState]:
    if text is None:
        return []
    if text not in list(RunState):
        raise Refused(f"runs are never {text!r}", f"their states: {', '.join(RunState)}")
    return [RunState(text)]


def _user(namespace: str | None) -> str | None:
    """Whose runs are in a namespace: nobody's in that of production."""
    if namespace is None or namespace == present.PRODUCTION:
        return namespace and ""
    kind, _, name = namespace.partition(":")
    if kind != "user" or not name:
        raise Refused(f"there is no namespace {namespace!r}", "it is `production`, or `user:NAME`")
    return name
