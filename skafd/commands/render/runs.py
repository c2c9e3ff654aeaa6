"""Lists of runs and of deployments."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from rich.text import Text

from skafd.looks.columns import joined, table
from skafd.looks.words import ago, cause_words, state_text, took

Json = dict[str, Any]


def render_runs(runs: list[Json], width: int | None, now: datetime) -> Text:
    """One line per run, newest first."""
    if not runs:
        return Text("No runs yet.")
    header: tuple[str, ...] = ("RUN", "STATE", "CAUSE", "STARTED", "TOOK", "FAILED")
    rows = [_run(run, now) for run in runs]
    if any(run["tags"] for run in runs):
        header = (*header, "TAGS")
        rows = [[*row, ", ".join(run["tags"])] for row, run in zip(rows, runs, strict=True)]
    return joined(table(header, rows, width))


def _run(run: Json, now: datetime) -> list[Text | str]:
    duration = took(run["created_at"], run["ended_at"], now)
    cause = cause_words(run)
    return [
        run["run"],
        state_text(run["state"]),
        cause,
        ago(run["created_at"], now),
        duration,
        ", ".join(run["failed"]),
    ]


def render_deployments(deployments: list[Json], width: int | None, now: datetime) -> Text:
    """One line per deployment, newest first; the live one is marked."""
    if not deployments:
        return Text("No deployments yet.")
    rows = [_deployment(deployment, now) for deployment in deployments]
    return joined(table(("DEPLOYMENT", "LIVE", "CREATED", "JOBS", "CODE", "ENVIRONMENT"), rows, width))


def _deployment(deployment: Json, now: datetime) -> list[Text | str]:
    return [
        f"#{deployment['number']}",
        Text("live", "green") if deployment["live"] else "",
        ago(deployment["created_at"], now),
        str(deployment["jobs"]),
        deployment["snapshot_hash"][:12],
        deployment["environment_key"][:12],
    ]
