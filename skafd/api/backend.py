"""What the api asks of the daemon. Methods may block on the database or the orchestrator: call them from a thread.

Each raises NotFound for a name that does not exist and Refused for what cannot be done; both become HTTP errors.
`project` is a slug, a token, a name or a folder's path; `target` is a run (`churn/42`), a task (`churn/42/train[3]`), a
job (`churn/train`) or a project (`churn`).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Protocol

from skafd.api.differences import DeploymentDiff, RunDiff
from skafd.api.environments import EnvironmentsBackend
from skafd.api.kept import KeptBackend
from skafd.api.pages import PagesBackend
from skafd.api.requests import AgainRequest
from skafd.api.shapes import (
    BackfillInfo,
    DataPage,
    DataTokenInfo,
    DeploymentInfo,
    EventInfo,
    Explanation,
    FolderResult,
    HistoryEntry,
    JobOccasions,
    JobTokenInfo,
    KillResult,
    LogSource,
    NotebookPage,
    ProjectStatus,
    RunDetail,
    RunFilter,
    RunSummary,
    ScheduleExplanation,
    ScheduleInfo,
    ServiceInfo,
    Status,
    TaskUsage,
    Variable,
    WebhookTokenInfo,
)


class Backend(EnvironmentsBackend, PagesBackend, Protocol):
    """The daemon, as the api sees it."""

    @property
    def kept(self) -> KeptBackend:
        """What jobs say and keep."""

    def status(self, after: int = -1) -> Status: ...

    def project(self, project: str) -> ProjectStatus: ...

    def up(self, folders: Sequence[Path], wait: bool, resolve_as_of: str | None) -> Iterator[FolderResult]:
        """Takes the folders on; yields one result for each project, when it is known. `wait=False`: none.

        `resolve_as_of`: the day whose packages count for them from now on; `config`: what their configs say.
        """

    def runs(self, project: str | None, limit: int, before: int | None, chosen: RunFilter) -> list[RunSummary]:
        """Newest first; `before` is a run's number and needs `project`."""

    def run(self, run: str) -> RunDetail: ...

    def diff(self, first: str, second: str) -> RunDiff:
        """What differs between two runs."""

    def why(self, target: str) -> Explanation:
        """One sentence from recorded decisions: why a task, a run, a job or a project is as it is."""

    def history(self, project: str, job: str, limit: int) -> list[HistoryEntry]:
        """The last executions of a job that have ended, oldest first."""

    def start_run(
        self, project: str, job: str | None, only: bool, parameters: Mapping[str, str], user: str | None
    ) -> RunDetail:
        """`user`: who asks; None: the daemon's own user."""

    def tag_run(self, run: str, add: Sequence[str], remove: Sequence[str]) -> RunSummary:
        """Gives a run tags, and takes tags from it."""

    def again(self, request: AgainRequest) -> RunDetail:
        """Resumes a run, or runs a task of it again; the run in which that happens."""

    def forget(self, project: str) -> None:
        """Takes a project off the list; what runs of it goes on, and its history stays."""

    def skip(self, target: str) -> RunDetail:
        """Passes over the tasks that the target means and that have not begun."""

    def kill(self, target: str) -> KillResult: ...

    def deployments(self, project: str) -> list[DeploymentInfo]: ...

    def diff_deployments(self, project: str, first: int | None, second: int) -> DeploymentDiff:
        """What `second` changed since `first`, or since the one before it."""

    def rollback(self, project: str, number: int | None) -> DeploymentInfo:
        """Makes an earlier deployment live again; one step back when no number is given."""

    def variables(self, project: str, show: bool) -> list[Variable]: ...

    def set_variable(self, project: str, key: str, value: str) -> None: ...

    def delete_variable(self, project: str, key: str) -> None: ...

    def job_token(self, project: str) -> JobTokenInfo:
        """For programs of the user's own, which are no attempt of any run."""

    def schedule(self, project: str | None, hours: float) -> ScheduleInfo:
        """What is due in the next hours, on the machine or in a project, and what was missed in the last."""

    def explain_schedule(self, expression: str, timezone: str, count: int) -> ScheduleExplanation: ...

    def explain_jobs(self, project: str, job: str | None, count: int) -> list[JobOccasions]:
        """The schedules and the events of a job, or of all jobs of a project that have any."""

    def pause(self, project: str, job: str | None) -> None:
        """Occurrences of the project, or of the job, are missed from now on."""

    def resume(self, project: str, job: str | None) -> None: ...

    def backfill(
        self, project: str, job: str, first: str, last: str, parallel: int, only: bool, dry_run: bool
    ) -> BackfillInfo:
        """Runs a job for instants of its schedule that lie in the past."""

    def backfills(self) -> list[BackfillInfo]: ...

    def find_backfill(self, number: int) -> BackfillInfo: ...

    def cancel_backfill(self, number: int) -> BackfillInfo:
        """Makes no more runs of it, and ends those that run."""

    def services(self) -> list[ServiceInfo]:
        """Every long-lived process that skafd ever started for somebody."""

    def start_service(self, name: str) -> ServiceInfo:
        """Starts one unless it is there, and returns when it answers."""

    def stop_service(self, name: str) -> ServiceInfo:
        """Asks one to end; whoever needs it next starts it again."""

    def publish(self, name: str, parameters: Mapping[str, str], key: str | None) -> EventInfo:
        """Tells every project whose jobs wait for an event of that name. What was sent with the key before stays."""

    def events(self, project: str | None, limit: int, before: int | None) -> list[EventInfo]: ...

    def event(self, number: int) -> EventInfo: ...

    def call_webhook(self, project: str, webhook: str, token: str, body: bytes, key: str | None) -> EventInfo:
        """Raises Unauthorized, and BadRequest for a body that its jobs cannot be given."""

    def read_data(self, project: str, table: str, token: str, query: Mapping[str, str]) -> DataPage:
        """A page of a table for the Data Endpoint. Raises Unauthorized and BadRequest."""

    def data_tokens(self, project: str) -> list[DataTokenInfo]: ...

    def create_data_token(self, project: str, name: str) -> DataTokenInfo:
        """The answer alone has the token itself."""

    def revoke_data_token(self, project: str, number: int) -> None: ...

    def webhook_tokens(self, project: str) -> list[WebhookTokenInfo]: ...

    def create_webhook_token(self, project: str, webhook: str) -> WebhookTokenInfo:
        """The only answer that has the token itself."""

    def revoke_webhook_token(self, project: str, number: int) -> None: ...

    def notebook(self, target: str, name: str | None, as_html: bool) -> NotebookPage:
        """What the newest attempt that the target means has executed; `name` where it is several."""

    def log_sources(self, target: str) -> list[LogSource]:
        """The newest attempts that the target means, in the order in which they started."""

    def usage(self, target: str) -> list[TaskUsage]:
        """Of the newest attempts that the target means."""

    def change_number(self) -> int:
        """Grows with every change that a screen could show."""

    def wait_for_change(self, after: int, seconds: float) -> int:
        """Blocks until `change_number()` exceeds `after` or the time is up, and returns it."""

    def stop(self, end_jobs: bool) -> None:
        """Asks the daemon to end, after this answer was sent."""
