"""Changes of states, a line each, as they come."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress
from typing import Any

from skafd import clock
from skafd.api.client import Client
from skafd.looks.words import clock_time

Json = dict[str, Any]
_PATIENCE_SECONDS = 30.0


def watch(client: Client) -> None:
    """Prints a line for each job whose state or run changes, until Ctrl-C."""
    with suppress(KeyboardInterrupt):
        for line in changes(client):
            print(line, flush=True)


def changes(client: Client) -> Iterator[str]:
    """The lines, for ever."""
    answer = client.status()
    known = dict(_states(answer))
    while True:
        while client.changes(answer["number"], _PATIENCE_SECONDS) <= answer["number"]:
            pass
        answer = client.status(answer["number"])
        for name, said in _states(answer):
            if known.get(name) != said:
                known[name] = said
                yield f"{clock_time(clock.now().isoformat())}  {name}  {said}"


def _states(answer: Json) -> Iterator[tuple[str, str]]:
    for project in answer["projects"]:
        problem = project["problem"]
        stage = f"not deployed ({problem['stage']})" if problem else "live"
        number = project["deployment"]["number"] if project["deployment"] else 0
        yield project["project"], f"#{number}  {stage}"
        for job in project["jobs"]:
            yield (
                f"{project['project']}/{job['name']}",
                "  ".join(filter(None, (job["run"], job["state"], job["reason"]))),
            )
