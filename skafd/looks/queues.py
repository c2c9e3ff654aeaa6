"""Queues of a project."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

from rich.text import Text

from skafd.looks.columns import joined, table
from skafd.looks.words import ago

Json = dict[str, Any]


def render_queues(queues: Sequence[Json], width: int | None, now: datetime) -> Text:
    """A line for each."""
    rows = [
        [
            one["name"],
            f"{one['ready']:,}",
            f"{one['held']:,}",
            _age(one["oldest_at_ms"], now),
            f"{one['consumers']:,}",
            f"{one['dead']:,}",
            ", ".join(
                pattern if exchange == "default" else f"{exchange}: {pattern}" for exchange, pattern in one["bindings"]
            ),
        ]
        for one in queues
    ]
    return joined(table(("QUEUE", "WAITING", "HELD", "OLDEST", "CONSUMERS", "DEAD", "KEYS"), rows, width))


def _age(at_ms: int | None, now: datetime) -> str:
    return "" if at_ms is None else ago(datetime.fromtimestamp(at_ms / 1000, UTC).isoformat(), now)
