"""A daemon of dictionaries: the churn example, as the api sees it."""

from __future__ import annotations

import dataclasses
import threading
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from skafd.api.differences import DeploymentDiff, FileDiff, PackageDiff, RunDiff
from skafd.api.environments import EnvironmentInfo
from skafd.api.failures import Unauthorized
from skafd.api.pages import PagesInfo
from skafd.api.requests import AgainRequest
from skafd.api.shapes import (
    AttemptInfo,
    BackfillInfo,
    BackfillRunInfo,
    Coming,
    DaemonInfo,
    DataPage,
    DataTokenInfo,
    DeploymentInfo,
    EventInfo,
    EventRunInfo,
    ExplainedTime,
    Explanation,
    FolderResult,
    HistoryEntry,
    JobOccasions,
    JobStatus,
    JobTokenInfo,
    KillResult,
    LogSource,
    MissedInfo,
    NotebookPage,
    Problem,
    ProjectStatus,
    RunDetail,
    RunFilter,
    RunSummary,
    ScheduleExplanation,
    ScheduleInfo,
    ServiceInfo,
    Status,
    TaskInfo,
    TaskUsage,
    UnheededInfo,
    UsagePoint,
    Variable,
    WebhookTokenInfo,
)
from skafd.errors import NotFound, Refused
from tests.support.fake_kept import FakeKept

TOKEN = "136056c2ac6d9e2f35a7b050"
JOBS = ("ingest", "train", "score", "report")


def job(name: str, after: str | None = None, state: str | None = "succeeded", reason: str = "") -> JobStatus:
    """A job of churn, with its last task."""
    return JobStatus(
        id=f"id-{name}",
        name=name,
        schedule=None if after else "0 11 * * *",
        dependencies=[f"id-{after}"] if after else [],
        next_at=None if after else "2026-03-02T11:00:00+00:00",
        state=state,
        reason=reason,
        run="churn/42" if state else None,
        started_at="2026-03-01T11:00:00+00:00" if state else None,
        ended_at="2026-03-01T11:00:12+00:00" if state not in (None, "running") else None,
    )


def deployment(number: int, live: bool = True) -> DeploymentInfo:
    """Version `number` of churn."""
    return DeploymentInfo(number, f"{number:x}" * 12, "4f2a", f"2026-02-{number:02d}T09:00:00+00:00", live, 4)


def project(path: str = "/srv/churn", problem: Problem | None = None) -> ProjectStatus:
    """churn, whose training ran out of memory."""
    reason = "out of memory: limit 64Mi, peak 64Mi; try memory: 128Mi"
    return ProjectStatus(
        project="churn",
        name="churn",
        path=path,
        token=TOKEN,
        deployment=deployment(12),
        problem=problem,
        activity=None,
        warnings=[],
        jobs=[
            job("ingest"),
            job("train", "ingest", "oom_killed", reason),
            job("score", "train", "upstream_failed", "train failed"),
            job("report", "score", None),
        ],
        open_runs=[],
    )


def attempt(folder: str, state: str = "succeeded", **changes: object) -> AttemptInfo:
    """One attempt with a limit of 64Mi."""
    plain = AttemptInfo(
        number=1,
        state=state,
        outcome="exit code 0",
        evidence={"kind": "exited", "code": 0},
        started_at="2026-03-01T11:00:00+00:00",
        ended_at="2026-03-01T11:00:12+00:00",
        exit_code=0,
        limit_memory_bytes=64 * 2**20,
        limit_cpu=0.5,
        peak_memory_bytes=58 * 2**20,
        cpu_seconds=5.25,
        folder=folder,
    )
    return dataclasses.replace(plain, **changes)  # type: ignore[arg-type]


def task(name: str, attempts: list[AttemptInfo], state: str = "succeeded", reason: str = "") -> TaskInfo:
    """A task of churn/42."""
    after = [JOBS[JOBS.index(name) - 1]] if JOBS.index(name) else []
    return TaskInfo(f"churn/42/{name}", f"id-{name}", name, 0, state, reason, after, attempts)


def summary(number: int = 42, state: str = "succeeded", failed: list[str] | None = None) -> RunSummary:
    """A run of churn that its schedule set off."""
    return RunSummary(
        run=f"churn/{number}",
        project="churn",
        number=number,
        deployment=12,
        cause="schedule",
        cause_detail="",
        instant="2026-03-01T11:00:00+00:00",
        state=state,
        created_at="2026-03-01T11:00:00+00:00",
        ended_at=None if state == "running" else "2026-03-01T11:00:40+00:00",
        tasks=4,
        failed=failed or [],
    )


def _ended(number: int) -> HistoryEntry:
    """An execution that took longer than the one before; each fifth failed."""
    state = "failed" if number % 5 == 0 else "succeeded"
    start, end = f"2026-03-{number - 20:02}T11:00:00+00:00", f"2026-03-{number - 20:02}T11:{number}:00+00:00"
    return HistoryEntry(f"churn/{number}/train", 1, state, start, end, number * 60.0)


_WAITS = "event b; event a came at 2026-02-01 10:00:00 UTC"


class FakeBackend:
    """Implements `Backend`; tests set its attributes and read `asked`."""

    def __init__(self, home: Path) -> None:
        self._kept = FakeKept()
        self.home = home
        self.daemon = DaemonInfo(4711, "0.1.0", "2026-03-01T09:00:00+00:00", str(home), "cgroup v1")
        self.projects = [project()]
        self.details = {"churn/42": RunDetail(summary(), {}, [task(name, [attempt(str(home))]) for name in JOBS])}
        self.settings = {"API_KEY": "s3cret"}
        self.up_results = [FolderResult("/srv/churn", "churn", "deployed", 12, "", [])]
        self.sources: list[LogSource] = []
        self.running_services: list[ServiceInfo] = []
        self.used: TaskUsage | None = None
        self.trouble = ""
        self.ended = [_ended(number) for number in range(30, 42)]
        self.difference: RunDiff | None = None
        self.users: list[str | None] = []
        """Who asked for runs."""
        self.asked: list[tuple[object, ...]] = []
        self.stopped = threading.Event()
        self._changed = threading.Condition()
        self._number = 0

    def announce(self) -> None:
        """Something changed."""
        with self._changed:
            self._number += 1
            self._changed.notify_all()

    def status(self, after: int = -1) -> Status:
        names = [project.project for project in self.projects]
        projects = self.projects if after < self._number else []
        return Status(self.daemon, projects, self.running_services, self._number, names, self.trouble)

    def project(self, project: str) -> ProjectStatus:
        for known in self.projects:
            if project in (known.project, known.token, known.name, known.path):
                return known
        raise NotFound(f"there is no project {project}", "`skafd status` lists the projects")

    def up(self, folders: Sequence[Path], wait: bool, resolve_as_of: str | None) -> Iterator[FolderResult]:
        self.asked.append(("up", [str(folder) for folder in folders], wait, *filter(None, [resolve_as_of])))
        yield from self.up_results if wait else []

    def runs(self, project: str | None, limit: int, before: int | None, chosen: RunFilter) -> list[RunSummary]:
        self.asked.append(("runs", project, limit, before))
        found = [detail.summary for detail in self.details.values() if before is None or detail.summary.number < before]
        return [
            one
            for one in found
            if chosen.state in (None, one.state)
            and (chosen.tag is None or chosen.tag in one.tags)
            and chosen.namespace in (None, one.namespace)
        ][:limit]

    def diff(self, first: str, second: str) -> RunDiff:
        if self.difference is None:
            return RunDiff(self.run(first).summary, self.run(second).summary, [], [], [], [], [], [])
        return self.difference

    def diff_deployments(self, project: str, first: int | None, second: int) -> DeploymentDiff:
        if second == 11 and first is None:
            raise Refused(f"{project} has no deployment before #11", "it was the first")
        text = "--- a/train.py\n+++ b/train.py\n@@ -1,2 +1,2 @@\n import model\n-model.fit(depth=3)\n"
        text += "+model.fit(depth=4)\n"
        code = [FileDiff("train.py", "changed", False, False, text), FileDiff("logo.png", "added", True, False, "")]
        return DeploymentDiff(project, first or 11, second, code, [PackageDiff("pandas", "1.5.3", "2.0.0", ["train"])])

    def tag_run(self, run: str, add: Sequence[str], remove: Sequence[str]) -> RunSummary:
        found = self.run(run).summary
        found.tags[:] = sorted({*found.tags, *add} - {*remove})
        return found

    def run(self, run: str) -> RunDetail:
        if run not in self.details:
            raise NotFound(f"there is no run {run}", "`skafd runs` lists them")
        return self.details[run]

    def history(self, project: str, job: str, limit: int) -> list[HistoryEntry]:
        return self.ended[-limit:] if project == "churn" and job in ("train", "id-train") else []

    def why(self, target: str) -> Explanation:
        if not target.startswith("churn"):
            raise NotFound(f"there is nothing called {target}")
        return Explanation(target, f"{target} waits for 'ingest'")

    def start_run(
        self, project: str, job: str | None, only: bool, parameters: Mapping[str, str], user: str | None
    ) -> RunDetail:
        self.users.append(user)
        self.asked.append(("start_run", project, job, only, dict(parameters)))
        if job and job not in JOBS:
            raise NotFound(f"{project} has no job {job}", "its jobs: " + ", ".join(JOBS))
        return self.details["churn/42"]

    def again(self, request: AgainRequest) -> RunDetail:
        self.asked.append(("again", request.target, request.latest))
        return self.details["churn/42"]

    def forget(self, project: str) -> None:
        self.asked.append(("forget", project))

    def skip(self, target: str) -> RunDetail:
        self.asked.append(("skip", target))
        return self.details["churn/42"]

    def kill(self, target: str) -> KillResult:
        self.asked.append(("kill", target))
        return KillResult(["churn/42/train"])

    def deployments(self, project: str) -> list[DeploymentInfo]:
        self.project(project)
        return [deployment(12), deployment(11, live=False)]

    def open_pages(self) -> PagesInfo:
        self.asked.append(("open_pages",))
        return PagesInfo("http://127.0.0.1:4711/token/")

    def close_pages(self) -> None:
        self.asked.append(("close_pages",))

    def environments(self) -> list[EnvironmentInfo]:
        return [environment("e" * 32, ["churn#12"]), environment("f" * 32, [])]

    def collect_environments(self, dry_run: bool, keys: list[str] | None) -> list[EnvironmentInfo]:
        self.asked.append(("collect", dry_run, keys))
        return [environment("f" * 32, [])]

    def rollback(self, project: str, number: int | None) -> DeploymentInfo:
        self.asked.append(("rollback", project, number))
        if number == 12:
            raise Refused("deployment 12 of churn is live already")
        return deployment(number or 11)

    def variables(self, project: str, show: bool) -> list[Variable]:
        self.project(project)
        return [Variable(key, value if show else "***") for key, value in sorted(self.settings.items())]

    def set_variable(self, project: str, key: str, value: str) -> None:
        self.project(project)
        self.settings[key] = value

    def delete_variable(self, project: str, key: str) -> None:
        if key not in self.settings:
            raise NotFound(f"{project} has no variable {key}")
        del self.settings[key]

    def schedule(self, project: str | None, hours: float) -> ScheduleInfo:
        self.asked.append(("schedule", project, hours))
        coming = [Coming("churn", "ingest", "2026-03-02T11:00:00+00:00", False)]
        missed = [MissedInfo("churn", "ingest", "2026-02-28T11:00:00+00:00", "the machine was asleep")]
        return ScheduleInfo(hours, coming, True, missed, ["churn/report"])

    def explain_schedule(self, expression: str, timezone: str, count: int) -> ScheduleExplanation:
        self.asked.append(("explain_schedule", expression, timezone, count))
        return ScheduleExplanation(expression, timezone, "every day", "a rule", [])

    def explain_jobs(self, project: str, job: str | None, count: int) -> list[JobOccasions]:
        self.asked.append(("explain_jobs", project, job, count))
        instant = "2026-02-01T11:00:00+00:00"
        rule = "A fixed wall time runs once per local day."
        schedule = ScheduleExplanation(
            "0 11 * * *",
            "UTC",
            "at 11:00 every day, UTC",
            rule,
            [ExplainedTime(instant, instant, None, "")],
            ["missed while an earlier run has not ended"],
        )
        events = ["the success of other/load"]
        return [JobOccasions("churn", "report", False, [schedule], events, _WAITS)]

    def pause(self, project: str, job: str | None) -> None:
        self.project(project)
        self.asked.append(("pause", project, job))

    def resume(self, project: str, job: str | None) -> None:
        self.asked.append(("resume", project, job))
        if job == "train":
            raise Refused("it is not paused")

    def backfill(
        self, project: str, job: str, first: str, last: str, parallel: int, only: bool, dry_run: bool
    ) -> BackfillInfo:
        self.asked.append(("backfill", project, job, first, last, parallel, only, dry_run))
        return self.find_backfill(None if dry_run else 7)

    def backfills(self) -> list[BackfillInfo]:
        return [self.find_backfill(7)]

    def find_backfill(self, number: int | None) -> BackfillInfo:
        instants = [f"2026-02-{day:02d}T11:00:00+00:00" for day in range(1, 4)]
        runs = [BackfillRunInfo("churn/43", instants[0], "succeeded")] if number else []
        return BackfillInfo(number, "churn", "ingest", False, "running", 2, instants, runs, 3 - len(runs))

    def cancel_backfill(self, number: int) -> BackfillInfo:
        self.asked.append(("cancel_backfill", number))
        return self.find_backfill(number)

    def publish(self, name: str, parameters: Mapping[str, str], key: str | None) -> EventInfo:
        self.asked.append(("publish", name, dict(parameters), key))
        return self.event(1)

    def events(self, project: str | None, limit: int, before: int | None) -> list[EventInfo]:
        self.asked.append(("events", project, limit, before))
        return [self.event(2), self.event(1)]

    def event(self, number: int) -> EventInfo:
        at = "2026-03-01T11:00:00+00:00"
        if number == 2:
            missed = UnheededInfo("churn", "ingest", "paused")
            facts = {"FILE": "/srv/churn/inbox/a.csv"}
            return EventInfo(2, at, "file", "inbox/*.csv", "churn", "inbox/a.csv", facts, {}, None, [], [missed])
        runs = [EventRunInfo("churn/42", "succeeded")]
        return EventInfo(number, at, "event", "ready", None, "ready", {}, {"region": "eu"}, "k", runs, [])

    def call_webhook(self, project: str, webhook: str, token: str, body: bytes, key: str | None) -> EventInfo:
        if token != "skafd_good":
            raise Unauthorized("this token is not known here")
        self.asked.append(("call_webhook", project, webhook, body, key))
        return self.event(1)

    def read_data(self, project: str, table: str, token: str, query: Mapping[str, str]) -> DataPage:
        if token != "skafd_data_good":
            raise Unauthorized("this token is not known here")
        self.asked.append(("read_data", project, table, dict(query)))
        return DataPage(b'{"data": [], "next": null}', "application/json", None)

    def data_tokens(self, project: str) -> list[DataTokenInfo]:
        self.project(project)
        return [DataTokenInfo(3, "churn", "dashboard", "2026-03-01T11:00:00+00:00", None)]

    def create_data_token(self, project: str, name: str) -> DataTokenInfo:
        self.asked.append(("create_data_token", project, name))
        return DataTokenInfo(4, project, name, "2026-03-01T11:00:00+00:00", None, "skafd_data_good")

    def revoke_data_token(self, project: str, number: int) -> None:
        if number != 3:
            raise NotFound(f"there is no token {number}")
        self.asked.append(("revoke_data_token", project, number))

    def webhook_tokens(self, project: str) -> list[WebhookTokenInfo]:
        self.project(project)
        return [WebhookTokenInfo(3, "churn", "orders", "2026-03-01T11:00:00+00:00", None)]

    def create_webhook_token(self, project: str, webhook: str) -> WebhookTokenInfo:
        self.asked.append(("create_webhook_token", project, webhook))
        return WebhookTokenInfo(4, project, webhook, "2026-03-01T11:00:00+00:00", None, "skafd_secret")

    def revoke_webhook_token(self, project: str, number: int) -> None:
        if number != 3:
            raise NotFound(f"there is no token {number}")
        self.asked.append(("revoke_webhook_token", project, number))

    def notebook(self, target: str, name: str | None, as_html: bool) -> NotebookPage:
        if target != "churn/42/report":
            raise NotFound(f"{target} has executed no notebook")
        return NotebookPage(target, name or "report.ipynb", "<html>Überblick</html>" if as_html else "{}")

    def log_sources(self, target: str) -> list[LogSource]:
        if not target.startswith("churn"):
            raise NotFound(f"there is nothing called {target}")
        return list(self.sources)

    def usage(self, target: str) -> list[TaskUsage]:
        self.asked.append(("usage", target))
        return [self.used or TaskUsage(f"{target}/1/train", 1, False, None, None, 5, [UsagePoint(1.0, 0.5, 5)])]

    def change_number(self) -> int:
        return self._number

    def wait_for_change(self, after: int, seconds: float) -> int:
        with self._changed:
            self._changed.wait_for(lambda: self._number > after, timeout=seconds)
            return self._number

    def services(self) -> list[ServiceInfo]:
        return self.running_services

    def start_service(self, name: str) -> ServiceInfo:
        self.asked.append(("start_service", name))
        return self._service(name)

    def stop_service(self, name: str) -> ServiceInfo:
        self.asked.append(("stop_service", name))
        return self._service(name)

    def _service(self, name: str) -> ServiceInfo:
        for service in self.running_services:
            if service.name == name:
                return service
        raise NotFound(f"there is no service {name}")

    @property
    def kept(self) -> FakeKept:
        return self._kept

    def job_token(self, project: str) -> JobTokenInfo:
        self.project(project)
        return JobTokenInfo("c2lnbmVk", "/state/jobs/api.sock")

    def stop(self, end_jobs: bool) -> None:
        self.asked.append(("stop", end_jobs))
        self.stopped.set()


def environment(key: str, users: list[str]) -> EnvironmentInfo:
    """One that was made yesterday."""
    return EnvironmentInfo(
        key, "uv", "3.11.7", 9, 250 * 2**20, 20 * 2**20, "2030-01-01T12:00:00+00:00", "2030-01-02T12:00:00+00:00", users
    )
