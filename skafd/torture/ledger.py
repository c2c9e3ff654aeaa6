"""The ledger check: what the jobs themselves wrote down, against what skafd says happened.

Every test job appends `start` and `end` lines to a file that skafd never touches. This module compares that file with
the database and the runs folder after a campaign. It imports nothing of skafd, and states the rules anew on purpose: a
judge that shares code with the accused shares its mistakes.
"""

from __future__ import annotations

import hashlib
import json
import sqlite3
from collections import Counter, defaultdict
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

MOVES = {
    "waiting": {"queued", "cancelled", "skipped", "upstream_failed"},
    "queued": {"starting", "cancelled", "skipped"},
    "starting": {"running", "waiting", "succeeded", "failed", "timed_out", "oom_killed", "cancelled", "lost"},
    "running": {"waiting", "succeeded", "failed", "timed_out", "oom_killed", "cancelled", "lost"},
}
ENDS = {"succeeded", "failed", "timed_out", "oom_killed", "cancelled", "lost", "skipped", "upstream_failed"}
WITHOUT_AN_END = {"cancelled", "lost", "timed_out", "oom_killed", "signalled"}
"""What may have become of an attempt whose job noted its start and no end."""

Attempt = tuple[str, int]
"""A task as `project/run/job[instance]`, and the number of the attempt."""


@dataclass(frozen=True, slots=True)
class Circumstances:
    """What whoever ran the campaign knows besides."""

    home: Path
    ledger: Path
    acknowledged: Collection[str] = ()
    """Runs (`project/42`) that skafd said it would do."""
    killed_supervisors: Collection[int] = ()
    """Only their attempts may be lost."""
    period_seconds: int | None = None
    """Every scheduled job of the campaign is due at each multiple of it."""


@dataclass(slots=True)
class Verdict:
    """What was found wrong, each with the run (`project/42`) or task that it concerns; and how much was looked at."""

    violations: list[tuple[str, str]] = field(default_factory=list)
    counts: Counter[str] = field(default_factory=Counter)

    def say(self, subject: str, sentence: str) -> None:
        """Adds a violation."""
        self.violations.append((subject, sentence))


def check(circumstances: Circumstances) -> Verdict:
    """Compares everything. The daemon may be gone; nobody may write meanwhile."""
    verdict = Verdict()
    database = sqlite3.connect(f"file:{circumstances.home}/skafd.db?mode=ro", uri=True)
    database.row_factory = sqlite3.Row
    try:
        _check_file(database, verdict)
        rows = list(_attempt_rows(database))
        noted = _read_ledger(circumstances.ledger, verdict)
        _check_attempts(rows, noted, circumstances, verdict)
        _check_runs(database, circumstances.acknowledged, verdict)
        _check_events(database, verdict)
        _check_occurrences(database, circumstances.period_seconds, verdict)
    finally:
        database.close()
    _check_nothing_is_left(circumstances.home, verdict)
    return verdict


def line_of(task: str, attempt: int, number: int) -> str:
    """The line that a test job prints as its `number`-th: lengths differ, so that a lost byte shows."""
    return f"{number:06d} {task} {attempt} {'x' * (number * 37 % 90)}\n"


# --- what was written ---------------------------------------------------------------------------------------


def _check_file(database: sqlite3.Connection, verdict: Verdict) -> None:
    (said,) = database.execute("PRAGMA integrity_check").fetchone()
    if said != "ok":
        verdict.say("", f"the database is damaged: {said}")


def _attempt_rows(database: sqlite3.Connection) -> Iterator[dict[str, Any]]:
    sql = """SELECT attempt.*, project.slug, deployment.config FROM attempt
        JOIN project ON project.id = attempt.project
        JOIN run ON run.project = attempt.project AND run.number = attempt.run
        JOIN deployment ON deployment.project = run.project AND deployment.number = run.deployment"""
    for row in database.execute(sql):
        job = next(job for job in json.loads(row["config"])["jobs"] if job["id"] == row["job"])
        name = f"{row['slug']}/{row['run']}/{job['name']}"
        several = job.get("parallelism", 1) > 1
        yield {**dict(row), "task": f"{name}[{row['instance']}]" if several else name}


def _read_ledger(path: Path, verdict: Verdict) -> dict[Attempt, list[dict[str, Any]]]:
    noted: defaultdict[Attempt, list[dict[str, Any]]] = defaultdict(list)
    for line in path.read_text().splitlines() if path.exists() else ():
        entry = json.loads(line)
        noted[entry["task"], entry["attempt"]].append(entry)
        verdict.counts[f"ledger {entry['word']}"] += 1
    return noted


# --- attempts -----------------------------------------------------------------------------------------------


def _check_attempts(
    rows: Sequence[dict[str, Any]],
    noted: dict[Attempt, list[dict[str, Any]]],
    circumstances: Circumstances,
    verdict: Verdict,
) -> None:
    known = {(row["task"], row["number"]) for row in rows}
    for task, attempt in sorted(noted.keys() - known):
        verdict.say(task, f"{task} attempt {attempt} ran, and the database does not know it")
    for row in rows:
        verdict.counts["attempts"] += 1
        verdict.counts[f"attempts {row['state']}"] += 1
        for sentence in _wrong_with(row, noted[row["task"], row["number"]], circumstances):
            verdict.say(row["task"], f"{row['task']} attempt {row['number']}: {sentence}")


def _wrong_with(row: dict[str, Any], entries: list[dict[str, Any]], circumstances: Circumstances) -> Iterator[str]:
    words = Counter(entry["word"] for entry in entries)
    state = row["state"]
    if words["start"] > 1 or words["end"] > 1:
        yield f"it ran {words['start']} times"
        return
    if row["ended_at"] is None:
        yield f"it has not ended, it is {state}"
        return
    if state == "lost" and _supervisor_of(row) not in circumstances.killed_supervisors:
        yield f"it is lost, and nobody killed its supervisor: {row['outcome']}"
    end = next((entry for entry in entries if entry["word"] == "end"), None)
    if end is not None and state not in WITHOUT_AN_END:
        yield from _wrong_with_end(row, end)
    elif end is None and state not in WITHOUT_AN_END and not _is_without_evidence(row, words):
        yield f"its job noted {'no end' if words['start'] else 'nothing'}, and it is {state}: {row['outcome']}"
    yield from _wrong_with_log(row, end)


def _supervisor_of(row: dict[str, Any]) -> int | None:
    claim = Path(row["directory"]) / "claim"
    return int(json.loads(claim.read_text())["supervisor_pid"]) if claim.exists() else None


def _is_without_evidence(row: dict[str, Any], words: Counter[str]) -> bool:
    """Ended by a signal, or never exec'ed: then the job cannot have noted an end."""
    kind = json.loads(row["outcome"])["kind"]
    return kind == "signalled" or (kind == "cancelled" and not words["start"])


def _wrong_with_end(row: dict[str, Any], end: dict[str, Any]) -> Iterator[str]:
    expected = "succeeded" if end["code"] == 0 else "failed"
    if row["state"] != expected or row["exit_code"] != end["code"]:
        yield f"its job ended with {end['code']}, the database says {row['state']} with {row['exit_code']}"


def _wrong_with_log(row: dict[str, Any], end: dict[str, Any] | None) -> Iterator[str]:
    path = Path(row["directory"]) / "log"
    content = path.read_bytes() if path.exists() else b""
    if end is not None and row["state"] != "lost":
        if hashlib.sha256(content).hexdigest() != end["sha256"]:
            yield f"its log has {len(content)} bytes, its job wrote {end['bytes']}, or other ones"
    elif not _is_beginning(content, row["task"], row["number"]):
        yield f"its log of {len(content)} bytes is not a beginning of what its job writes"


def _is_beginning(content: bytes, task: str, attempt: int) -> bool:
    expected = b""
    number = 0
    while len(expected) < len(content):
        expected += line_of(task, attempt, number).encode()
        number += 1
    return expected.startswith(content)


# --- runs, events, occurrences ------------------------------------------------------------------------------


def _check_runs(database: sqlite3.Connection, acknowledged: Collection[str], verdict: Verdict) -> None:
    sql = """SELECT slug, number, run.state,
            (SELECT group_concat(DISTINCT task.state) FROM task
                WHERE task.project = run.project AND task.run = run.number) AS tasks
        FROM run JOIN project ON project.id = run.project"""
    known = set()
    for row in database.execute(sql):
        name = f"{row['slug']}/{row['number']}"
        known.add(name)
        verdict.counts["runs"] += 1
        verdict.counts[f"runs {row['state']}"] += 1
        open_tasks = set((row["tasks"] or "").split(",")) - ENDS - {""}
        if row["state"] == "running" or open_tasks:
            verdict.say(name, f"the run is {row['state']}, with tasks {sorted(open_tasks)}")
    for name in sorted(set(acknowledged) - known):
        verdict.say(name, "the run was acknowledged, and is not there")


def _check_events(database: sqlite3.Connection, verdict: Verdict) -> None:
    """Each task's events are a path in the table of moves, and end where its row is."""
    sql = """SELECT slug, event.run, event.job, event.instance, old, new FROM event
        JOIN project ON project.id = event.project WHERE event.job IS NOT NULL ORDER BY event.id"""
    at: dict[tuple[str, int, str, int], str] = {}
    for row in database.execute(sql):
        key = (row["slug"], row["run"], row["job"], row["instance"])
        run = f"{row['slug']}/{row['run']}"
        verdict.counts["events"] += 1
        if row["old"] != at.get(key):
            verdict.say(run, f"{row['job']}[{row['instance']}] goes from {row['old']}, and was {at.get(key)}")
        if row["old"] is not None and row["new"] not in MOVES.get(row["old"], ()):
            verdict.say(run, f"{row['job']}[{row['instance']}] goes from {row['old']} to {row['new']}")
        at[key] = row["new"]
    sql = """SELECT slug, run, job, instance, state FROM task JOIN project ON project.id = task.project"""
    for slug, run, job, instance, state in database.execute(sql):
        if at.get((slug, run, job, instance)) != state:
            verdict.say(f"{slug}/{run}", f"{job}[{instance}] is {state}, its last event says otherwise")


def _check_occurrences(database: sqlite3.Connection, period_seconds: int | None, verdict: Verdict) -> None:
    """Every instant between the first and the last is there once: fired with a run of that instant, or missed."""
    sql = """SELECT slug, occurrence.job, occurrence.instant, occurrence.state, occurrence.cause, occurrence.run,
            run.cause_instant
        FROM occurrence JOIN project ON project.id = occurrence.project
        LEFT JOIN run ON run.project = occurrence.project AND run.number = occurrence.run
        ORDER BY slug, occurrence.job, occurrence.instant"""
    last: dict[tuple[str, str], int] = {}
    for row in database.execute(sql):
        key, run = (row["slug"], row["job"]), f"{row['slug']}/{row['run']}"
        verdict.counts[f"occurrences {row['state']}"] += 1
        if row["state"] == "fired" and row["cause_instant"] != row["instant"]:
            verdict.say(run, f"it stands for the occurrence of {row['job']} at another instant")
        if row["state"] == "missed" and not row["cause"]:
            verdict.say(run, f"an occurrence of {row['job']} was missed without a cause")
        step = row["instant"] - last.get(key, row["instant"])
        if period_seconds is not None and step not in (0, period_seconds * 1_000_000):
            verdict.say(
                run, f"{step / 1e6:g} s lie between two occurrences of {row['job']}, due every {period_seconds} s"
            )
        last[key] = row["instant"]


# --- what is left -------------------------------------------------------------------------------------------


def _check_nothing_is_left(home: Path, verdict: Verdict) -> None:
    for pid, line in processes_of(home):
        verdict.say("", f"process {pid} is left: {line}")
    for claim in home.glob("runs/*/*/*/*/claim"):
        for folder in json.loads(claim.read_text())["cgroup"]["folders"].values():
            verdict.counts["control groups looked for"] += 1
            if Path(folder).exists():
                verdict.say("", f"a control group is left: {folder}")


def processes_of(home: Path) -> list[tuple[int, str]]:
    """Living processes that work in the state folder, or name it in their environment or arguments."""
    return [found for entry in Path("/proc").glob("[0-9]*") if (found := _process(entry, str(home))) is not None]


def _process(entry: Path, home: str) -> tuple[int, str] | None:
    try:
        line = (entry / "cmdline").read_bytes().replace(b"\0", b" ").decode(errors="replace").strip()
        environment = (entry / "environ").read_bytes().decode(errors="replace")
        folder = str((entry / "cwd").readlink())
    except OSError:
        return None  # It ended meanwhile, or is somebody else's.
    mine = home in environment or folder.startswith(home)
    return (int(entry.name), line) if mine else None
