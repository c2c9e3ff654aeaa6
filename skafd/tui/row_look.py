"""How a line of the list looks, in the columns that there are. Pure."""

from __future__ import annotations

from datetime import datetime

from rich.cells import cell_len, set_cell_size
from rich.text import Text

from skafd.looks.words import ago, count, state_text, took, until
from skafd.tui.rows import Row

WIDE = 100
"""Columns from which on there is room for how long things took."""
_STATE, _NEXT, _LAST, _TOOK = 20, 11, 10, 9


def header(width: int) -> Text:
    """The names of the columns."""
    return _line(width, Text("  STATE"), Text("PROJECT / JOB"), "NEXT", "LAST", "TOOK", "dim")


def draw_row(row: Row, width: int, now: datetime) -> Text:
    """One line; durations and distances in time are those at `now`."""
    return _draw_project(row, width) if row.job is None else _draw_job(row, row.job, width, now)


def _draw_job(row: Row, job: dict[str, object], width: int, now: datetime) -> Text:
    started, ended = _text(job["started_at"]), _text(job["ended_at"])
    following = "paused" if job["paused"] else until(_text(job["next_at"]), now)
    last = ago(started, now).removesuffix(" ago") if job["run"] else ""
    state = Text("  ").append_text(state_text(_text(job["state"])))
    return _line(width, state, Text(row.label), following, last, took(started, ended, now))


def _draw_project(row: Row, width: int) -> Text:
    project = row.project
    line = Text(" ", "bold").append(row.label)
    if project["deployment"]:
        line.append(f"  #{project['deployment']['number']}", "not bold")
    else:
        line.append("  not deployed", "yellow")
    line.append(f"  {count(len(project['jobs']), 'job')}", "dim not bold")
    if project["problem"]:
        line.append("  ✗ the last save is not live", "bold red")
    if project["activity"]:
        build = project.get("build")
        how_far = f" {build['percent']} %" if build and build["percent"] is not None else ""
        line.append(f"  ◐{how_far} {project['activity']}", "cyan not bold")
    elif project["open_runs"]:
        line.append(f"  ● {', '.join(project['open_runs'])}", "cyan not bold")
    line.truncate(width, overflow="ellipsis")
    return line


def _line(width: int, state: Text, name: Text, following: str, last: str, duration: str, style: str = "") -> Text:
    right = [(following, _NEXT), (last, _LAST), *([(duration, _TOOK)] if width >= WIDE else [])]
    room = max(8, width - _STATE - sum(columns for _, columns in right) - 1)
    state.truncate(_STATE, pad=True)
    name.truncate(room, overflow="ellipsis", pad=True)
    line = Text(style=style).append_text(state).append_text(name)
    for text, columns in right:
        line.append(" " * max(1, columns - cell_len(text)) + set_cell_size(text, min(cell_len(text), columns - 1)))
    return line


def _text(value: object) -> str | None:
    return None if value is None else str(value)
