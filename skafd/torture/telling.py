"""What people read of a campaign: the numbers, and of a failed one as little as explains it."""

from __future__ import annotations

import sqlite3
from pathlib import Path

from skafd.torture.campaign import Report

_MOST_VIOLATIONS = 20


def describe(report: Report) -> list[str]:
    """The numbers."""
    kills = ", ".join(f"{number} x {victim}" for victim, number in sorted(report.kills.items())) or "none"
    counts = ", ".join(f"{number} {what}" for what, number in sorted(report.verdict.counts.items()))
    return [
        f"seed {report.seed}, {report.seconds:.0f} s; killed: {kills}",
        f"looked at: {counts}",
        f"violations: {len(report.verdict.violations)}",
        *(f"  {sentence}" for subject, sentence in report.verdict.violations[:_MOST_VIOLATIONS]),
    ]


def shortest_trace(report: Report, root: Path) -> list[str]:
    """Of the offending task with the fewest events: these, with what was done to skafd meanwhile."""
    subjects = {subject for subject, _ in report.verdict.violations if subject}
    traces = [_trace(report, root, subject) for subject in subjects]
    sentences = [sentence for _, sentence in report.verdict.violations]
    return [*sentences[:3], *min(traces, key=len, default=report.trace[-20:])]


def _trace(report: Report, root: Path, subject: str) -> list[str]:
    slug, number, *task = subject.split("/")
    name = task[0].partition("[")[0] if task else None
    sql = """SELECT event.at / 1e6, job, instance, attempt, old, new, reason FROM event
        JOIN project ON project.id = event.project
        WHERE slug = :slug AND run = :run AND (:job IS NULL OR job = :job) ORDER BY event.id"""
    database = sqlite3.connect(f"file:{root}/state/skafd.db?mode=ro", uri=True)
    try:
        events = database.execute(sql, {"slug": slug, "run": number, "job": name}).fetchall()
    finally:
        database.close()
    lines = [
        f"{at:.3f} {job}[{instance}] {attempt}: {old} -> {new} {reason}"
        for at, job, instance, attempt, old, new, reason in events
    ]
    first, last = (events[0][0] - 1, events[-1][0] + 1) if events else (0.0, float("inf"))
    done = [line for line in report.trace if first <= float(line.split()[0]) <= last]
    return sorted([*lines, *done])
