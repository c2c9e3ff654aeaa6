"""States, times and amounts as people read them."""

from __future__ import annotations

from datetime import datetime
from functools import cache
from typing import Any

from rich.text import Text

from skafd.units import format_duration

_LOOKS = {
    "waiting": ("·", "dim"),
    "queued": ("○", "dim"),
    "starting": ("◐", "cyan"),
    "running": ("●", "cyan"),
    "succeeded": ("✓", "green"),
    "failed": ("✗", "bold red"),
    "timed_out": ("✗", "bold red"),
    "oom_killed": ("✗", "bold red"),
    "lost": ("✗", "bold red"),
    "cancelled": ("-", "yellow"),
    "skipped": ("-", "dim"),
    "upstream_failed": ("!", "yellow"),
}
"""Every glyph is one column wide in every terminal, and never the only sign of a state."""

FAILURES = frozenset({"failed", "timed_out", "oom_killed", "lost", "upstream_failed"})


def state_look(state: str | None) -> tuple[str, str]:
    """Glyph and style of a state; None: of what never ran."""
    return ("-", "dim") if state is None else _LOOKS.get(state, ("?", ""))


@cache
def state_cell(state: str | None) -> Text:
    """The same for a table, which leaves its cells as they are: thousands of them are the same few."""
    return state_text(state)


def state_text(state: str | None) -> Text:
    """Glyph and word of a state."""
    glyph, style = state_look(state)
    return Text(f"{glyph} {'never ran' if state is None else state}", style)


def ago(instant: str | None, now: datetime) -> str:
    """`2h05m ago`; empty when there is no instant."""
    return f"{format_span(seconds_between(instant, now))} ago" if instant else ""


def activity_text(project: dict[str, Any], now: datetime) -> str:
    """What is being done to a project, and for how long already."""
    build = project.get("build")
    return f"{project['activity']} ({took(build['since'], None, now)})" if build else str(project["activity"])


def until(instant: str | None, now: datetime) -> str:
    """`in 3h20m`, `now` when it has come; empty when there is no instant."""
    if not instant:
        return ""
    seconds = (datetime.fromisoformat(instant) - now).total_seconds()
    return f"in {format_span(seconds)}" if seconds > 0 else "now"


def took(start: str | None, end: str | None, now: datetime) -> str:
    """How long something took, or has taken so far."""
    if not start:
        return ""
    last = datetime.fromisoformat(end) if end else now
    return format_duration(max(0.0, seconds_between(start, last)))


def seconds_between(instant: str, now: datetime) -> float:
    """Seconds from an ISO instant to `now`."""
    return (now - datetime.fromisoformat(instant)).total_seconds()


def format_span(seconds: float) -> str:
    """A distance in time, as rough as people say it: `20s`, `5m`, `2h05m`, `17d`."""
    whole = max(0, round(seconds))
    if whole < 60:
        return f"{whole}s"
    if whole < 3600:
        return f"{whole // 60}m"
    return format_duration(whole) if whole < 86400 else f"{whole // 86400}d"


def clock_time(instant: str | None) -> str:
    """`2026-03-01 11:00:00` in the viewer's zone."""
    return datetime.fromisoformat(instant).astimezone().strftime("%Y-%m-%d %H:%M:%S") if instant else ""


def count(number: int, noun: str) -> str:
    """`1 job`, `4 jobs`."""
    return f"{number} {noun}{'' if number == 1 else 's'}"


def cause_words(run: dict[str, Any]) -> str:
    """What set off a run, and who asked for it: `manual by will`."""
    by = f"by {run['user']}" if run["user"] else ""
    return " ".join(part for part in (run["cause"], run["cause_detail"], by) if part)


def progress_text(progress: dict[str, Any]) -> str:
    """`45 % (450 of 1,000), epoch 4`; without a whole `450`."""
    done, total = progress["done"], progress["total"]
    how_far = f"{done / total:.0%} ({done:,g} of {total:,g})" if total else f"{done:,g}"
    return ", ".join(part for part in (how_far, progress["text"]) if part)
