"""Tables of a project."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from rich.text import Text

from skafd.looks.columns import joined, table

Json = dict[str, Any]


def render_tables(tables: Sequence[Json], shares: Sequence[Json], width: int | None) -> Text:
    """A line for each table and view, and with whom they are shared."""
    rows = [
        [
            one["name"],
            one["kind"],
            f"{one['rows']:,}" if "rows" in one else "",
            ", ".join(one.get("primary_key", [])) or f"of {one.get('of', '')}",
            ", ".join(f"{name} {kind}" for name, kind in one.get("columns", {}).items()),
        ]
        for one in tables
    ]
    lines = table(("NAME", "KIND", "ROWS", "KEY", "COLUMNS"), rows, width)
    shared = [f"{one['project']} ({'reads and writes' if one['may_write'] else 'reads'})" for one in shares]
    return joined([*lines, Text(f"shared with {', '.join(shared)}")] if shared else lines)
