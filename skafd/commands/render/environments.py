"""Lists of environments."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from rich.text import Text

from skafd.looks.columns import joined, table
from skafd.looks.words import ago
from skafd.units import format_memory

Json = dict[str, Any]
_MOST_USERS = 3
_COLUMNS = ("ENVIRONMENT", "KIND", "PYTHON", "PACKAGES", "SIZE", "OWN", "MADE", "USED", "BY")


def render_environments(found: list[Json], width: int | None, now: datetime) -> Text:
    """One line each, the one unused for longest first."""
    if not found:
        return Text("No environments yet.")
    return joined(table(_COLUMNS, [_line(one, now) for one in found], width))


def render_removed(found: list[Json], is_dry_run: bool, width: int | None, now: datetime) -> Text:
    """What was, or would be, removed, and how much disk that frees."""
    if not found:
        return Text("Nothing to remove: a deployment that is kept needs each environment, or has just asked for it.")
    freed = format_memory(sum(one["own_bytes"] for one in found))
    verb = "would be removed, which would free" if is_dry_run else "removed, which frees"
    total = f"{len(found)} environment{'s' if len(found) != 1 else ''} {verb} {freed}"
    return Text("\n").join([render_environments(found, width, now), Text(total)])


def _line(one: Json, now: datetime) -> list[Text | str]:
    users = one["users"][:_MOST_USERS]
    more = len(one["users"]) - len(users)
    return [
        one["key"][:12],
        one["kind"],
        one["python"],
        str(one["packages"]),
        format_memory(one["size_bytes"]),
        format_memory(one["own_bytes"]),
        ago(one["made_at"], now),
        ago(one["used_at"], now),
        ", ".join(users) + (f" and {more} more" if more > 0 else ""),
    ]
