"""The first line of the screen: what there is, in numbers. Pure."""

from __future__ import annotations

from rich.text import Text

from skafd.looks.words import FAILURES, count
from skafd.tui.mirror import Mirror


def top_line(mirror: Mirror, needle: str = "") -> Text:
    """What there is, in numbers."""
    if mirror.daemon is None:
        return Text("asking the daemon")
    jobs = [job for project in mirror.projects.values() for job in project["jobs"]]
    failed = sum(job["state"] in FAILURES for job in jobs)
    running = sum(job["state"] in ("running", "starting") for job in jobs)
    line = Text(
        f"skafd {mirror.daemon['version']}  {count(len(mirror.projects), 'project')}, {count(len(jobs), 'job')}"
    )
    line.append(f"  ● {running} running", "cyan" if running else "dim")
    line.append(f"  ✗ {failed} failed", "bold red" if failed else "dim")
    if mirror.services:
        line.append(f"  {count(len(mirror.services), 'service')}", "dim")
    if mirror.daemon["enforcement"] == "none":
        line.append("  limits are NOT enforced", "yellow")
    return line.append(f"  /{needle}", "bold") if needle else line
