"""A run as it goes on, line by line."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from rich.text import Text

from skafd.commands.render.show import task_name
from skafd.looks.words import state_text, took

Json = dict[str, Any]
_QUIET = frozenset({"waiting", "queued", "starting"})


def render_moves(run: Json, shown: dict[str, str], now: datetime) -> list[Text]:
    """A line for each task whose state is not the one in `shown`, which is brought up to date."""
    lines = []
    for task in run["tasks"]:
        if shown.get(task["task"]) == task["state"]:
            continue
        shown[task["task"]] = task["state"]
        if task["state"] not in _QUIET:
            lines.append(_move(task, now))
    return lines


def render_end(run: Json, now: datetime) -> Text:
    """The last line: how the run ended."""
    summary = run["summary"]
    duration = took(summary["created_at"], summary["ended_at"], now)
    return Text.assemble(state_text(summary["state"]), "  ", (summary["run"], "bold"), f"  {duration}")


def _move(task: Json, now: datetime) -> Text:
    line = Text.assemble(state_text(task["state"]), "  ", task_name(task))
    last = task["attempts"][-1] if task["attempts"] else None
    if last and last["ended_at"]:
        line.append(f"  {took(last['started_at'], last['ended_at'], now)}")
    if task["state"] != "succeeded":
        why = task["reason"] or (last["outcome"] if last else None)
        line.append(f"  {why}" if why else "")
    return line
