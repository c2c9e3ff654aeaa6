"""The api's view of the daemon: questions, and requests that the orchestrator and the deployer carry out."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path

from skafd.api.environments import EnvironmentInfo
from skafd.api.pages import PagesInfo
from skafd.api.requests import AgainRequest
from skafd.api.shapes import (
    DaemonInfo,
    DataPage,
    DataTokenInfo,
    DeploymentInfo,
    FolderResult,
    JobTokenInfo,
    KillResult,
    RunDetail,
    RunSummary,
    ServiceInfo,
    Status,
)
from skafd.api.who import this_user
from skafd.artifacts.content import ContentStore
from skafd.daemon import present
from skafd.daemon.by_hand import ByHand
from skafd.daemon.changes import Changes
from skafd.daemon.data_endpoint import DataEndpoint
from skafd.daemon.days import checked_day
from skafd.daemon.deploying import Deploying
from skafd.daemon.environment_keeping import EnvironmentKeeping
from skafd.daemon.finding import find_job, find_project, live_deployment, open_tasks
from skafd.daemon.for_jobs.words import check_names
from skafd.daemon.kept.backend import Kept
from skafd.daemon.orchestrator import Orchestrator
from skafd.daemon.parameters import check_variable, checked_parameters
from skafd.daemon.questions import Questions
from skafd.daemon.scheduling import Scheduling
from skafd.daemon.serving import Serving
from skafd.daemon.targets import parse_target
from skafd.daemon.webhooks import Webhooks
from skafd.daemon.website import Website
from skafd.errors import Refused
from skafd.home import Home
from skafd.job_token import JobToken, load_key
from skafd.model.decisions import CancelRequested, Decisions, Event, RunRequested
from skafd.model.ids import DeploymentNumber, TaskKey
from skafd.model.run import Cause, CauseKind
from skafd.model.service import ServiceState
from skafd.model.states import TaskState
from skafd.store import Database, Purpose, Reader, Writer, views

log = logging.getLogger("skafd")

_JOBS_END_WITHIN_SECONDS = 60.0
"""Well above the grace time after which jobs are ended by force."""


class DaemonBackend(Questions, Scheduling, Webhooks):
    """Implements `skafd.api.backend.Backend`. Every method may be called from any thread but the orchestrator's."""

    def __init__(
        self,
        about: DaemonInfo,
        database: Database,
        orchestrator: Orchestrator,
        deploying: Deploying,
        changes: Changes,
        serving: Serving,
        data: DataEndpoint,
        *,
        website: Website,
        end: Callable[[], object],
    ) -> None:
        super().__init__(about, database, orchestrator, deploying, changes)
        self._serving = serving
        self._data = data
        self._website = website
        self._end = end
        self._by_hand = ByHand(database, orchestrator)
        home = Home(Path(about.home))
        self._environments = EnvironmentKeeping(home, database, orchestrator.mailbox)
        contents = ContentStore(home.artifacts)
        self.kept = Kept(database, orchestrator.mailbox, contents, home.deployments, self.log_sources)

    def up(self, folders: Sequence[Path], wait: bool, resolve_as_of: str | None) -> Iterator[FolderResult]:
        """Takes folders on, and yields what became of each. Raises Refused for what is no day."""
        return self._deploying.up(folders, wait, checked_day(resolve_as_of, folders))

    def start_run(
        self, project: str, job: str | None, only: bool, parameters: Mapping[str, str], user: str | None
    ) -> RunDetail:
        """A run by hand, of the live deployment. Raises Refused for an unknown parameter, and for services alone."""
        who = this_user() if user is None else user
        check_names("user", [who])
        with self._database.reader() as reader:
            row = find_project(reader, project)
            config = live_deployment(reader, row).config
        if not job and all(one.is_service for one in config.jobs):
            raise Refused(
                f"{row.slug} has nothing but services, which run anyway",
                f"`skafd run {row.slug}/{config.jobs[0].name}` starts one that was ended",
            )
        request = RunRequested(
            project=row.id,
            cause=Cause(CauseKind.MANUAL, user=who),
            jobs=(find_job(config, job),) if job else (),
            only=only,
            parameters=checked_parameters(config, parameters),
        )
        name = self._orchestrator.mailbox.ask(
            lambda _: [request], lambda decisions: _name_of_new(decisions, request, row.slug), Purpose.RUN_REQUEST
        ).result()
        return self.run(name)

    def environments(self) -> list[EnvironmentInfo]:
        """Every environment on disk."""
        return self._environments.environments()

    def collect_environments(self, dry_run: bool, keys: list[str] | None) -> list[EnvironmentInfo]:
        """Removes those that no kept deployment needs."""
        return self._environments.collect(dry_run, keys=keys)

    def tag_run(self, run: str, add: Sequence[str], remove: Sequence[str]) -> RunSummary:
        """Raises NotFound, also for a tag to take that the run does not have, and Refused for what is no tag."""
        self._by_hand.tag(run, add, remove)
        return self.run(run).summary

    def again(self, request: AgainRequest) -> RunDetail:
        """Resumes an ended run, or runs a task of it again. Raises Refused for what has not ended."""
        name = self._by_hand.again(request)
        return self.run(name)

    def forget(self, project: str) -> None:
        """Takes a project off the list; what runs of it goes on."""
        with self._database.reader() as reader:
            row = find_project(reader, project)
        self._deploying.forget(row)

    def skip(self, target: str) -> RunDetail:
        """Passes over what has not begun. Raises Refused where all of it has."""
        return self.run(self._by_hand.skip(parse_target(target)))

    def kill(self, target: str) -> KillResult:
        """Ends every task that the target means and that has not ended; a project means all of its open runs."""
        with self._database.reader() as reader:
            found = open_tasks(reader, parse_target(target))
            names = {task.key: self._task_name(reader, run, task) for run, task in found}
        ending = self._cancel(list(names), f"skafd kill {target}")
        return KillResult([name for key, name in names.items() if key in ending])

    def rollback(self, project: str, number: int | None) -> DeploymentInfo:
        """Makes an earlier deployment live; the newest that is older than the live one when none is named."""
        with self._database.reader() as reader:
            row = find_project(reader, project)
            wanted = DeploymentNumber(number) if number is not None else _one_back(reader, row)
            deployment = reader.deployment(row.id, wanted)
        self._deploying.roll_back(row, deployment)
        return present.live_deployment_info(deployment)

    def set_variable(self, project: str, key: str, value: str) -> None:
        """Seen by attempts that start from now on. Raises Refused for what no environment can hold."""
        check_variable(key, value)
        self._change_variable(project, lambda writer, row: writer.set_variable(row.id, key, value))

    def delete_variable(self, project: str, key: str) -> None:
        """Raises NotFound where there is none."""
        self._change_variable(project, lambda writer, row: writer.delete_variable(row.id, key))

    def status(self, after: int = -1) -> Status:
        """Everything that `skafd status` shows, of the projects that changed after that number."""
        services = [one for one in self._serving.services() if one.state != ServiceState.STOPPED]
        return replace(super().status(after), services=services)

    def services(self) -> list[ServiceInfo]:
        """Every long-lived process that was ever started."""
        return self._serving.services()

    def start_service(self, name: str) -> ServiceInfo:
        """Returns when it answers."""
        return self._serving.start(name)

    def stop_service(self, name: str) -> ServiceInfo:
        """Returns when it has ended."""
        return self._serving.stop(name)

    def read_data(self, project: str, table: str, token: str, query: Mapping[str, str]) -> DataPage:
        """A page of a table, for who has a token."""
        return self._data.read(project, table, token, query)

    def data_tokens(self, project: str) -> list[DataTokenInfo]:
        """Of the Data Endpoint."""
        return self._data.tokens(project)

    def create_data_token(self, project: str, name: str) -> DataTokenInfo:
        """The answer alone has the token itself."""
        return self._data.create_token(project, name)

    def revoke_data_token(self, project: str, number: int) -> None:
        """Raises NotFound."""
        self._data.revoke_token(project, number)

    def open_pages(self) -> PagesInfo:
        """The pages of `skafd open`, from now on if not already."""
        return PagesInfo(self._website.open(self))

    def close_pages(self) -> None:
        """Raises Refused where they are not open."""
        if not self._website.close():
            raise Refused("the pages are not open", "`skafd open` opens them")

    def job_token(self, project: str) -> JobTokenInfo:
        """One that is good for the project, and for no attempt of it."""
        with self._database.reader() as reader:
            row = find_project(reader, project)
        home = Home(Path(self._about.home))
        token = JobToken(row.id, run=0, job="", instance=0, attempt=0).sign(load_key(home.job_token_key))
        return JobTokenInfo(token, str(home.jobs_socket))

    def stop(self, end_jobs: bool) -> None:
        """Ends the daemon; with `end_jobs` first every task that has not ended, then every service."""
        if end_jobs:
            self._end_jobs()
            for name in self._serving.stop_all("skafd down --jobs"):
                log.warning("the service %s has not ended and goes on", name)
        self._end()

    # --- helpers ----------------------------------------------------------------------------------------

    def _cancel(self, tasks: Sequence[TaskKey], reason: str) -> set[TaskKey]:
        """Returns those that end: what runs at the end of its run is left to do so."""
        if not tasks:
            return set()
        request = CancelRequested(tuple(tasks), reason)
        decisions = self._orchestrator.mailbox.put(lambda _: [request], Purpose.CANCEL_REQUEST).result()
        cancelled = {move.task for move in decisions.transitions if move.new is TaskState.CANCELLED}
        return cancelled | {kill.attempt.task for kill in decisions.kills}

    def _change_variable(self, project: str, change: Callable[[Writer, views.ProjectRow], None]) -> None:
        with self._database.reader() as reader:
            row = find_project(reader, project)

        def prepare(writer: Writer) -> list[Event]:
            change(writer, row)
            return []

        # The facts belong to the orchestrator's thread, in which the answer is made.
        self._orchestrator.mailbox.ask(
            prepare, lambda _: self._orchestrator.memory.facts.drop(row.id), Purpose.VARIABLE
        ).result()

    def _end_jobs(self) -> None:
        """Asks each attempt once, since to ask again is force; what starts meanwhile is asked too."""
        asked: set[tuple[TaskKey, int]] = set()
        deadline = time.monotonic() + _JOBS_END_WITHIN_SECONDS
        while time.monotonic() < deadline:
            before = self._changes.number
            with self._database.reader() as reader:
                tasks = [task for run, _ in reader.open_runs() for task in run.tasks if not task.state.is_terminal]
            if not tasks:
                return
            self._cancel([task.key for task in tasks if (task.key, task.attempt) not in asked], "skafd down --jobs")
            asked.update((task.key, task.attempt) for task in tasks)
            self._changes.wait(before, 1.0)
        log.warning("some jobs have not ended within %g s and go on", _JOBS_END_WITHIN_SECONDS)


def _name_of_new(decisions: Decisions, request: RunRequested, slug: str) -> str:
    """The run that was asked for: in the same turn others may have become due."""
    for run in decisions.new_runs:
        if run.key.project == request.project and run.cause == request.cause:
            return present.run_name(slug, run.key.number)
    raise Refused("nothing was started: the project has no job")


def _one_back(reader: Reader, project: views.ProjectRow) -> DeploymentNumber:
    older = [view.number for view in reader.deployments(project.id) if view.number < (project.live_deployment or 0)]
    if not older:
        raise Refused(f"{project.slug} has no earlier deployment", f"`skafd deployments {project.slug}` lists them")
    return older[0]
