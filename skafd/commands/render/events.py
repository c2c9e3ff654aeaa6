"""Events from outside, and the tokens of webhooks."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from rich.text import Text

from skafd.looks.columns import joined, table
from skafd.looks.words import ago, clock_time

Json = dict[str, Any]


def render_events(events: list[Json], width: int | None, now: datetime) -> Text:
    """A line for each event, with its runs or why there are none."""
    if not events:
        return Text("No events.")
    rows = [
        [str(one["number"]), clock_time(one["at"]), ago(one["at"], now), one["kind"], _what(one), _effect(one)]
        for one in events
    ]
    return joined(table(("#", "AT", "", "KIND", "EVENT", "SET OFF"), rows, width))


def render_tokens(tokens: list[Json], width: int | None, now: datetime) -> Text:
    """A line for each token, without the secret."""
    if not tokens:
        return Text("No tokens; `skafd webhook PROJECT NAME --new` makes one.")
    rows = [
        [
            str(one["number"]),
            f"{one['project']}/{one['webhook']}",
            clock_time(one["created_at"]),
            ago(one["last_used_at"], now) if one["last_used_at"] else "never",
        ]
        for one in tokens
    ]
    return joined(table(("#", "WEBHOOK", "MADE", "LAST USED"), rows, width))


def _what(event: Json) -> str:
    given = " ".join(f"{name}={value}" for name, value in event["parameters"].items())
    project = f"{event['project']}: " if event["project"] else ""
    return f"{project}{event['detail']} {given}".strip()


def _effect(event: Json) -> Text:
    done = [f"{run['run']} {run['state']}" for run in event["runs"]]
    passed = [f"{one['project']}/{one['job']}: {one['cause']}" for one in event["unheeded"]]
    kept = [f"{one['project']}/{one['job']} waits for all of {one['together']}" for one in event["kept"]]
    if not done and not passed and not kept:
        return Text("nothing: no job waits for it", "dim")
    return Text(", ".join([*done, *kept, *passed]), "" if done or kept else "yellow")
