"""Things worth showing, as the api says them."""

from __future__ import annotations

from dataclasses import asdict, replace
from datetime import UTC, datetime
from typing import Any

from skafd.api.shapes import JobStatus, Problem, ProjectStatus, RunDetail, Status
from tests.support.fake_backend import DaemonInfo, attempt, deployment, job, project, summary, task

NOW = datetime(2026, 3, 1, 13, 5, 20, tzinfo=UTC)
_DAEMON = DaemonInfo(4711, "0.1.0", "2026-03-01T09:00:00+00:00", "/var/lib/skafd", "cgroup v1")
_PROBLEM = Problem(
    "config",
    "2026-03-01T13:03:20+00:00",
    "metis.config.yml:7:5: error: unknown key 'entrypont' [unknown-key]\n"
    " 7 |     entrypont: train.py\n   |     ^\n hint: did you mean 'entrypoint'?",
)


def _scheduled(name: str, schedule: str, next_at: str, **changes: Any) -> JobStatus:
    return replace(job(name), schedule=schedule, next_at=next_at, **changes)


def nothing_yet() -> dict[str, Any]:
    """A daemon without a project."""
    return asdict(Status(_DAEMON, []))


def busy_morning() -> dict[str, Any]:
    """What the daemon says of the busy projects."""
    return asdict(Status(_DAEMON, busy_projects()))


def busy_projects() -> list[ProjectStatus]:
    """Four projects: one failed, one runs with a fan-in, one is being built after a broken save, one never ran."""
    fan = [
        _scheduled("load orders", "every 15 minutes", "2026-03-01T13:15:00+00:00"),
        replace(
            job("load clicks", state="running"), schedule="@hourly", instances=4, started_at="2026-03-01T13:05:00+00:00"
        ),
        replace(job("clean", "load orders", "waiting", "waits for load clicks"), started_at=None),
        replace(job("join"), dependencies=["id-clean", "id-load clicks"], state=None, run=None, started_at=None),
    ]
    warehouse = replace(
        project("/srv/warehouse"), project="warehouse", jobs=fan, open_runs=["warehouse/7"], deployment=deployment(3)
    )
    broken = replace(
        project("/srv/forecast", _PROBLEM),
        project="forecast",
        activity="building environment: 12 of 40 packages",
        warnings=["train: cpu 64 is more than this machine has; 2 cores are given"],
        jobs=[_scheduled("train", "0 3 * * 1", "2026-03-02T03:00:00+00:00")],
    )
    fresh = replace(project("/srv/fresh"), project="fresh", deployment=None, jobs=[])
    return [project(), warehouse, broken, fresh]


def unprotected() -> dict[str, Any]:
    """A machine on which nothing can be enforced."""
    return asdict(Status(replace(_DAEMON, enforcement="none"), [project()]))


def killed_by_memory() -> dict[str, Any]:
    """What the daemon says of the killed run."""
    return asdict(killed_run())


def killed_run() -> RunDetail:
    """A run whose training ran out of memory twice."""
    why = "out of memory: limit 64Mi, peak 64Mi; try memory: 128Mi"
    evidence = {"kind": "oom_killed", "limit_bytes": 64 << 20, "peak_bytes": 64 << 20}
    killed = attempt(
        "/var/lib/skafd/runs/churn/42/train.0/1",
        "oom_killed",
        outcome=why,
        evidence=evidence,
        exit_code=None,
        peak_memory_bytes=64 << 20,
        limit_cpu=1.0,
    )
    again = replace(killed, number=2, folder="/var/lib/skafd/runs/churn/42/train.0/2")
    tasks = [
        task("ingest", [attempt("/var/lib/skafd/runs/churn/42/ingest.0/1", limit_cpu=None, limit_memory_bytes=None)]),
        task("train", [killed, again], "oom_killed", why),
        task("score", [], "upstream_failed", "train failed"),
        task("report", [], "upstream_failed", "train failed"),
    ]
    return RunDetail(summary(42, "failed", ["train", "score", "report"]), {"epochs": "20"}, tasks)


def some_runs() -> list[dict[str, Any]]:
    """Runs of every kind."""
    return [
        asdict(replace(summary(44, "running"), cause="manual", cause_detail="skafd run", tasks=1)),
        asdict(summary(43)),
        asdict(summary(42, "failed", ["train", "score", "report"])),
        asdict(replace(summary(41, "cancelled"), cause="deploy", cause_detail="#12")),
    ]


def some_deployments() -> list[dict[str, Any]]:
    """Two versions."""
    return [asdict(deployment(12)), asdict(deployment(11, live=False))]
