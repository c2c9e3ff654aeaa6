"""Rows of a table, tokens of the Data Endpoint."""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import datetime
from typing import Any

from rich.text import Text

from skafd.looks.columns import joined, table
from skafd.looks.words import ago, clock_time

Json = dict[str, Any]


def render_rows(columns: Sequence[str], rows: Sequence[Json], width: int | None) -> Text:
    """A line for each row."""
    if not rows:
        return Text("No rows.")
    cells = [[_cell(row[name]) for name in columns] for row in rows]
    return joined(table([name.upper() for name in columns], cells, width))


def render_data_tokens(tokens: Sequence[Json], width: int | None, now: datetime) -> Text:
    """A line for each token, without the secret."""
    if not tokens:
        return Text("No tokens; `skafd token PROJECT --new` makes one.")
    rows = [
        [
            str(one["number"]),
            one["project"],
            one["name"],
            clock_time(one["created_at"]),
            ago(one["last_used_at"], now) if one["last_used_at"] else "never",
        ]
        for one in tokens
    ]
    return joined(table(("#", "PROJECT", "NAME", "MADE", "LAST USED"), rows, width))


def _cell(value: Any) -> str:
    if value is None:
        return ""
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
