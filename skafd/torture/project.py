"""The project that a campaign runs: jobs of mixed length, a graph that fans out and in, retries, a schedule."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path

NAME = "torture"
PERIOD_SECONDS = 3
"""How often the scheduled part is due."""

SCRIPT = '''\
"""Notes its start and its end in the ledger, and prints numbered lines of different lengths in between."""
import hashlib, json, os, sys, time
seconds, lines, codes = float(sys.argv[1]), int(sys.argv[2]), sys.argv[3].split(",")
task, attempt = os.environ["SKAFD_TASK"], int(os.environ["SKAFD_ATTEMPT"])
boot = open("/proc/sys/kernel/random/boot_id").read().strip()

def note(word, **more):
    entry = {"task": task, "attempt": attempt, "pid": os.getpid(), "boot": boot, "word": word, **more}
    ledger = os.open(os.environ["LEDGER"], os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
    os.write(ledger, (json.dumps(entry) + "\\n").encode())
    os.fsync(ledger)
    os.close(ledger)

note("start")
code = int(codes[min(attempt, len(codes)) - 1])
written, size = hashlib.sha256(), 0
for number in range(lines):
    line = f"{number:06d} {task} {attempt} {'x' * (number * 37 % 90)}\\n".encode()
    size += os.write(1, line)
    written.update(line)
    time.sleep(seconds / lines)
note("end", code=code, sha256=written.hexdigest(), bytes=size)
os._exit(code)
'''


@dataclass(frozen=True, slots=True)
class JobPlan:
    """One test job."""

    name: str
    seconds: float = 0.05
    lines: int = 5
    codes: str = "0"
    """Exit codes of its attempts; the last one is that of all further ones."""
    dependencies: tuple[str, ...] = ()
    options: str = ""
    """More lines of its entry."""

    def entry(self) -> str:
        """Its part of the config."""
        command = f"job.py {self.seconds} {self.lines} {self.codes}"
        details = f"    dependencies: {json.dumps(list(self.dependencies))}\n    retry: {{times: 4, delay: 0}}\n"
        return f"  - name: {self.name}\n    entrypoint: {command}\n    on_deploy: wait\n{details}{self.options}"


SHARDS = tuple(JobPlan(f"shard-{number}", 0.02 * 2**number, 3 * 2**number, "0", ("source",)) for number in range(7))
GRAPH = (
    JobPlan("source", 0.2, 20),
    *SHARDS,
    JobPlan("fan", 0.3, 10, "0", ("source",), "    parallelism: 4\n"),
    JobPlan("flaky", 0.1, 4, "3,5,0", ("source",)),
    JobPlan("doomed", 0.1, 4, "7", ("source",), "    catch: true\n"),
    JobPlan("join", 0.05, 50, "0", (*(shard.name for shard in SHARDS), "fan", "flaky", "doomed")),
    JobPlan("one", 0.01, 1, "0", ("join",)),
    JobPlan("two", 0.01, 1, "0", ("one",)),
    JobPlan("three", 0.01, 1000, "0", ("two",)),
    JobPlan("long", 2.5, 100, "0", ("source",)),
    JobPlan("last", 0.01, 1, "0", ("three", "long")),
)
SCHEDULED = (
    JobPlan("tick", 0.1, 5, options="    schedule: {schedule}\n"),
    JobPlan("tock", 0.02, 5, "0", ("tick",)),
    JobPlan("toll", 0.02, 5, "0", ("tock",)),
)
_SCHEDULE = f'{{cron: "every {PERIOD_SECONDS} seconds", catch_up: all, overlap: queue}}'


def write_project(folder: Path, ledger: Path, version: int = 1, is_scheduled: bool = True) -> None:
    """Writes the project, or another version of it."""
    folder.mkdir(parents=True, exist_ok=True)
    jobs = "".join(plan.entry() for plan in (*GRAPH, *SCHEDULED))
    schedule = _SCHEDULE if is_scheduled else '"0 0 1 1 *"'
    config = f"name: {NAME}\nenv: {{LEDGER: {json.dumps(str(ledger))}}}\njobs:\n{jobs}"
    (folder / "job.py").write_text(f"# version {version}\n{SCRIPT}")
    (folder / "metis.config.yml").write_text(config.replace("{schedule}", schedule))
