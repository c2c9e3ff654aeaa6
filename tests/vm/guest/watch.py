"""Tells the host of every state that skafd shows to a client: from then on it is a promise.

A line per task and state, `RUN TASK STATE ATTEMPTS ;`, to a virtio port. A line without its end was cut off by a reset
and promises nothing. `watch.py once` prints the tasks of all runs as JSON instead.
"""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path
from typing import Any

from skafd.api.client import Client
from skafd.home import Home

PORT = Path("/dev/virtio-ports/skafd.acks")
MOST_RUNS = 500


def main() -> None:
    """Prints once, or watches for ever."""
    client = Client(Home.default().api_socket)
    if sys.argv[1:] == ["once"]:
        print(json.dumps([client.run(run["run"]) for run in client.runs(limit=MOST_RUNS)]))
        return
    descriptor = os.open(PORT, os.O_WRONLY)
    os.write(descriptor, b"\n")
    told: dict[str, str] = {}
    ended: set[str] = set()
    seen = 0
    while True:
        for summary in client.runs(limit=MOST_RUNS):
            if summary["run"] not in ended:
                detail = client.run(summary["run"])
                for line in _lines(detail):
                    if told.get(line.split()[1]) != line:
                        os.write(descriptor, f"{line} ;\n".encode())
                        told[line.split()[1]] = line
                if detail["summary"]["ended_at"]:
                    ended.add(summary["run"])
        seen = client.changes(seen, 30)


def _lines(detail: dict[str, Any]) -> list[str]:
    run = detail["summary"]["run"]
    return [f"{run} {task['task']} {task['state']} {len(task['attempts'])}" for task in detail["tasks"]]


if __name__ == "__main__":
    main()
