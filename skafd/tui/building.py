"""How far what is being done to a project is. Pure."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from rich.text import Text

from skafd.looks.words import activity_text
from skafd.tui.sparkline import bar

Json = dict[str, Any]
_BAR_COLUMNS = 20


def draw_activity(project: Json, gap: str, now: datetime) -> Text:
    """What is being done and for how long, and as a bar how much of it is done where that is known."""
    text = Text(f"◐ {activity_text(project, now)}", "cyan")
    build = project.get("build")
    if build and build["percent"] is not None:
        text.append(gap).append(bar(build["percent"] / 100, _BAR_COLUMNS), "green").append(f" {build['percent']} %", "")
    return text
