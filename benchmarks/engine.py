"""How many ends of tasks the engine decides in a second: in chains, and with a queue of tasks that all differ.

python benchmarks/engine.py [--runs N] [--queue N] [--json]
"""

from __future__ import annotations

import argparse
import json
import sys
import time
from collections import deque
from datetime import UTC, datetime, timedelta
from pathlib import Path

if __name__ == "__main__":
    sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from skafd.engine import Engine
from skafd.model.decisions import AttemptEnded, Event, RunRequested
from skafd.model.deployment import Deployment
from skafd.model.ids import AttemptKey, DeploymentNumber, JobId, ProjectId
from skafd.model.limits import Capacity, Limits, Resources
from skafd.model.outcome import Exited
from skafd.model.project import Generation, Job, Project
from skafd.model.run import Cause, CauseKind

NOON = datetime(2030, 1, 1, 12, tzinfo=UTC)
PROJECT = ProjectId("bench")
WANTED_PER_SECOND = 10_000
CHAIN = 10


def started(jobs: tuple[Job, ...], capacity: Capacity) -> Engine:
    """An engine with one project that is live."""
    config = Project("bench", Generation.JOBS, jobs)
    engine = Engine(capacity)
    live = [Deployment(PROJECT, DeploymentNumber(1), "", config, "", NOON)]
    engine.restore(live=live, histories={}, open_runs=[], last_run_numbers={})
    return engine


def drain(engine: Engine, alive: deque[AttemptKey], most: int) -> float:
    """Ends attempt after attempt, each in a call of its own; returns how many ends a second of one core decides."""
    begun, ended, now = time.process_time(), 0, NOON
    while alive and ended < most:
        now += timedelta(milliseconds=1)
        alive.extend(engine.handle([AttemptEnded(alive.popleft(), Exited(0))], now).launches)
        ended += 1
    return ended / (time.process_time() - begun)


def chains(runs: int) -> float:
    """Runs of a chain of ten jobs, all open at once."""
    jobs = [Job(JobId("0"), "0", "x")]
    jobs += [Job(JobId(str(n)), str(n), "x", dependencies=(JobId(str(n - 1)),)) for n in range(1, CHAIN)]
    engine = started(tuple(jobs), Capacity(64, 2**36))
    wanted: list[Event] = [RunRequested(PROJECT, Cause(CauseKind.MANUAL)) for _ in range(runs)]
    return drain(engine, deque(engine.handle(wanted, NOON).launches), runs * CHAIN)


def long_queue(tasks: int, most: int) -> float:
    """A queue of tasks of which no two need the same."""
    needs = (Resources(limits=Limits(0.001 * (500 + n % 1500), 2**20 * (64 + n))) for n in range(tasks))
    jobs = tuple(Job(JobId(str(n)), str(n), "x", resources=one) for n, one in enumerate(needs))
    engine = started(jobs, Capacity(8, 2**20 * 200_000))
    return drain(engine, deque(engine.handle([RunRequested(PROJECT, Cause(CauseKind.MANUAL))], NOON).launches), most)


def main() -> int:
    """Prints what was measured; 1 where the chains are decided more slowly than promised."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--runs", type=int, default=2000, help="chains that are open at once")
    parser.add_argument("--queue", type=int, default=100_000, help="tasks that wait")
    parser.add_argument("--json", action="store_true")
    given = parser.parse_args()
    found = {
        "chain ends per second": round(chains(given.runs)),
        f"ends per second with {given.queue} different tasks queued": round(long_queue(given.queue, 20_000)),
    }
    if given.json:
        print(json.dumps(found))
    else:
        print("\n".join(f"{what}: {count:,}" for what, count in found.items()))
    return 0 if found["chain ends per second"] >= WANTED_PER_SECOND else 1


if __name__ == "__main__":
    sys.exit(main())
