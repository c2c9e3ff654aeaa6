"""The api's view of the daemon: reads from the database, asks the orchestrator for changes."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path

from skafd.api.shapes import (
    DaemonInfo,
    DeploymentInfo,
    FolderResult,
    KillResult,
    LogSource,
    ProjectStatus,
    RunDetail,
    RunSummary,
    Status,
    Variable,
)
from skafd.daemon import present
from skafd.daemon.changes import Changes
from skafd.daemon.deploying import Deploying
from skafd.daemon.finding import find_job, find_project, find_run, find_tasks, live_deployment, open_tasks
from skafd.daemon.orchestrator import Orchestrator
from skafd.daemon.parameters import checked_parameters
from skafd.daemon.statuses import project_status
from skafd.daemon.targets import parse_target
from skafd.errors import Refused
from skafd.model.decisions import CancelRequested, Decisions, Event, RunRequested
from skafd.model.ids import DeploymentNumber, RunKey, TaskKey
from skafd.model.project import Project
from skafd.model.run import Cause, CauseKind
from skafd.store import Database, Purpose, Reader, Writer, views

MASK = "***"
_MOST_LOG_SOURCES = 200
"""A task with thousands of instances is not streamed as a whole."""
_MOST_CONFIGS = 64
_JOBS_END_WITHIN_SECONDS = 60.0
"""Well above the grace time after which jobs are ended by force."""


class DaemonBackend:
    """Implements `skafd.api.backend.Backend`. Every method may be called from any thread."""

    def __init__(
        self,
        about: DaemonInfo,
        database: Database,
        orchestrator: Orchestrator,
        deploying: Deploying,
        changes: Changes,
        end: Callable[[], object],
    ) -> None:
        self._about = about
        self._database = database
        self._orchestrator = orchestrator
        self._deploying = deploying
        self._changes = changes
        self._end = end
        self._configs: dict[tuple[str, int], Project] = {}

    # --- what there is ----------------------------------------------------------------------------------

    def status(self) -> Status:
        """Everything that `skafd status` shows."""
        with self._database.reader() as reader:
            return Status(self._about, [self._status_of(reader, project) for project in reader.projects()])

    def project(self, project: str) -> ProjectStatus:
        """One project of `status`."""
        with self._database.reader() as reader:
            return self._status_of(reader, find_project(reader, project))

    def runs(self, project: str | None, limit: int, before: int | None) -> list[RunSummary]:
        """Runs, newest first; `before` is a run's number and needs `project`."""
        with self._database.reader() as reader:
            row = find_project(reader, project) if project else None
            found = reader.runs(
                project=row.id if row else None,
                limit=limit,
                before=RunKey(row.id, before) if row and before else None,
            )
            return [present.run_summary(view, self._config(reader, view)) for view in found]

    def run(self, run: str) -> RunDetail:
        """One run."""
        with self._database.reader() as reader:
            _, key = find_run(reader, run)
            detail = reader.run(key)
            return present.run_detail(detail, self._config(reader, detail.run))

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
            return [
                self._log_source(reader, run, task)
                for run, task in find_tasks(reader, parse_target(target))[:_MOST_LOG_SOURCES]
                if task.attempts
            ]

    def change_number(self) -> int:
        """Grows with every change."""
        return self._changes.number

    def wait_for_change(self, after: int, seconds: float) -> int:
        """Blocks until there is a change after `after`, at most `seconds`."""
        return self._changes.wait(after, seconds)

    # --- what is to be done -----------------------------------------------------------------------------

    def up(self, folders: Sequence[Path], wait: bool) -> Iterator[FolderResult]:
        """Takes folders on, and yields what became of each."""
        return self._deploying.up(folders, wait)

    def start_run(self, project: str, job: str | None, only: bool, parameters: Mapping[str, str]) -> RunDetail:
        """A run by hand, of the live deployment. Raises Refused for a parameter that no job has."""
        with self._database.reader() as reader:
            row = find_project(reader, project)
            config = live_deployment(reader, row).config
        request = RunRequested(
            project=row.id,
            cause=Cause(CauseKind.MANUAL),
            jobs=(find_job(config, job),) if job else (),
            only=only,
            parameters=checked_parameters(config, parameters),
        )
        key = self._orchestrator.mailbox.ask(
            lambda _: [request], lambda decisions: _new_run(decisions, row.slug), Purpose.RUN_REQUEST
        ).result()
        return self.run(key)

    def kill(self, target: str) -> KillResult:
        """Ends every task that the target means and that has not ended; a project means all of its open runs."""
        with self._database.reader() as reader:
            found = open_tasks(reader, parse_target(target))
            names = [self._task_name(reader, run, task) for run, task in found]
        if found:
            self._cancel([task.key for _, task in found], f"skafd kill {target}")
        return KillResult(names)

    def rollback(self, project: str, number: int | None) -> DeploymentInfo:
        """Makes an earlier deployment live; the newest that is older than the live one when none is named."""
        with self._database.reader() as reader:
            row = find_project(reader, project)
            wanted = DeploymentNumber(number) if number is not None else _one_back(reader, row)
            deployment = reader.deployment(row.id, wanted)
        self._deploying.roll_back(row, deployment)
        return next(info for info in self.deployments(project) if info.number == wanted)

    def set_variable(self, project: str, key: str, value: str) -> None:
        """Seen by attempts that start from now on."""
        self._change_variable(project, lambda writer, row: writer.set_variable(row.id, key, value))

    def delete_variable(self, project: str, key: str) -> None:
        """Raises NotFound where there is none."""
        self._change_variable(project, lambda writer, row: writer.delete_variable(row.id, key))

    def stop(self, end_jobs: bool) -> None:
        """Ends the daemon; with `end_jobs` first every task that has not ended."""
        deadline = time.monotonic() + _JOBS_END_WITHIN_SECONDS
        while end_jobs and time.monotonic() < deadline:
            before = self._changes.number
            with self._database.reader() as reader:
                tasks = [task for run, _ in reader.open_runs() for task in run.tasks if not task.state.is_terminal]
            if not tasks:
                break
            self._cancel([task.key for task in tasks], "skafd down --jobs")
            self._changes.wait(before, 1.0)
        self._end()

    # --- helpers ----------------------------------------------------------------------------------------

    def _status_of(self, reader: Reader, row: views.ProjectRow) -> ProjectStatus:
        return project_status(reader, row, self._deploying.notes_of(row.path), self._orchestrator.next_of)

    def _cancel(self, tasks: Sequence[TaskKey], reason: str) -> None:
        self._orchestrator.mailbox.put(
            lambda _: [CancelRequested(tuple(tasks), reason)], Purpose.CANCEL_REQUEST
        ).result()

    def _change_variable(self, project: str, change: Callable[[Writer, views.ProjectRow], None]) -> None:
        with self._database.reader() as reader:
            row = find_project(reader, project)

        def prepare(writer: Writer) -> list[Event]:
            change(writer, row)
            return []

        self._orchestrator.mailbox.put(prepare, Purpose.VARIABLE).result()
        self._orchestrator.facts.drop(row.id)

    def _config(self, reader: Reader, run: views.RunView) -> Project:
        """The config that the run runs on. Deployments never change, so the last few are remembered."""
        version = (run.key.project, run.deployment)
        if version not in self._configs:
            if len(self._configs) >= _MOST_CONFIGS:
                self._configs.clear()
            self._configs[version] = reader.deployment(run.key.project, run.deployment).config
        return self._configs[version]

    def _task_name(self, reader: Reader, run: views.RunView, task: views.TaskView) -> str:
        job = self._config(reader, run).job(task.key.job)
        return present.task_name(run.slug, run.key.number, job, job.id, task.key.instance)

    def _log_source(self, reader: Reader, run: views.RunView, task: views.TaskView) -> LogSource:
        newest = task.attempts[-1]
        return LogSource(
            task=self._task_name(reader, run, task),
            path=str(newest.directory / "log"),
            finished=newest.state.is_terminal,
        )


def _new_run(decisions: Decisions, slug: str) -> str:
    if not decisions.new_runs:
        raise Refused("nothing was started: the project has no job")
    return present.run_name(slug, decisions.new_runs[0].key.number)


def _one_back(reader: Reader, project: views.ProjectRow) -> DeploymentNumber:
    older = [view.number for view in reader.deployments(project.id) if view.number < (project.live_deployment or 0)]
    if not older:
        raise Refused(f"{project.slug} has no earlier deployment", f"`skafd deployments {project.slug}` lists them")
    return older[0]
