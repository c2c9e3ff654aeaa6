"""Tells the host of every state that skafd shows to a client: from then on it is a promise.

A line per task and state, `RUN TASK STATE ATTEMPTS ;`, to a virtio port. A line without its end was cut off by a reset
and promises nothing. What was shown last of the newest runs is in a file that no boot outlives, as JSON: starting a
Python for each question takes longer here than all the rest. So does asking for hundreds of runs after each boot.
"""

from __future__ import annotations

import json
import os
import time
from pathlib import Path
from typing import Any

from skafd.api.client import Client
from skafd.errors import DaemonUnreachable
from skafd.home import Home

PORT = Path("/dev/virtio-ports/skafd.acks")
SHOWN = Path("/run/skafd-watch.json")
MOST_RUNS = int(os.environ["WATCHED_RUNS"])


def main() -> None:
    """Watches for ever, from the time when the daemon answers."""
    client = Client(Home.default().api_socket)
    _await(client)
    try:
        _watch(client)
    finally:
        SHOWN.unlink(missing_ok=True)


def _await(client: Client) -> None:
    while True:
        try:
            client.status()
            return
        except DaemonUnreachable:
            time.sleep(0.5)


def _watch(client: Client) -> None:
    descriptor = os.open(PORT, os.O_WRONLY)
    os.write(descriptor, b"\n")
    told: dict[str, str] = {}
    shown: dict[str, dict[str, Any]] = {}
    seen = 0
    while True:
        for name in _names(client):
            if name not in shown or not shown[name]["summary"]["ended_at"]:
                detail = shown[name] = client.run(name)
                for line in _lines(detail):
                    if told.get(line.split()[1]) != line:
                        os.write(descriptor, f"{line} ;\n".encode())
                        told[line.split()[1]] = line
        _keep([_short(detail) for detail in shown.values()])
        seen = client.changes(seen, 30)


def _names(client: Client) -> list[str]:
    """The newest of all, and those of the project whose attempts outlive no boot."""
    found = [*client.runs(limit=MOST_RUNS), *client.runs("long", limit=MOST_RUNS)]
    return list(dict.fromkeys(summary["run"] for summary in found))


def _keep(runs: list[dict[str, Any]]) -> None:
    temporary = SHOWN.with_suffix(".new")
    temporary.write_text(json.dumps(runs))
    temporary.replace(SHOWN)


def _short(detail: dict[str, Any]) -> dict[str, Any]:
    """What the host asks about."""
    summary = {name: detail["summary"][name] for name in ("run", "project", "state", "cause", "instant")}
    tasks = [
        {name: task[name] for name in ("task", "name", "state")}
        | {"attempts": [{name: one[name] for name in ("state", "outcome")} for one in task["attempts"]]}
        for task in detail["tasks"]
    ]
    return {"summary": summary, "tasks": tasks}


def _lines(detail: dict[str, Any]) -> list[str]:
    run = detail["summary"]["run"]
    return [f"{run} {task['task']} {task['state']} {len(task['attempts'])}" for task in detail["tasks"]]


if __name__ == "__main__":
    main()
