"""Jobs in the order of their dependencies, drawn as a tree."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import cache
from typing import Any

Json = dict[str, Any]
Depth = Callable[[str], int]


def job_tree(jobs: Sequence[Json]) -> list[tuple[str, Json]]:
    """Each job once with its name drawn: under the dependency that is farthest down, the others named behind."""
    by_id = {job["id"]: job for job in jobs}
    depth = _depths(by_id)
    children: dict[str | None, list[tuple[str, Json]]] = {}
    for job in jobs:
        known = [each for each in job["dependencies"] if each in by_id]
        parent = max(known, key=depth) if len(known) > 1 else known[0] if known else None
        others = [by_id[each]["name"].strip() for each in known if each != parent] if len(known) > 1 else []
        children.setdefault(parent, []).append((_label(job, others), job))
    lines: list[tuple[str, Json]] = []

    def draw(label: str, job: Json, lead: str, branch: str) -> None:
        lines.append((lead + branch + label, job))
        below = children.get(job["id"], [])
        inner = lead + _INNER[branch]
        for number, (its_label, child) in enumerate(below, 1):
            draw(its_label, child, inner, "└ " if number == len(below) else "├ ")

    for label, root in children.get(None, []):
        draw(label, root, "", "")
    return lines


_INNER = {"": "", "├ ": "│ ", "└ ": "  "}


def _depths(by_id: dict[str, Json]) -> Depth:
    @cache
    def depth(job_id: str) -> int:
        return 1 + max((depth(each) for each in by_id[job_id]["dependencies"] if each in by_id), default=0)

    return depth


def _label(job: Json, others: Sequence[str]) -> str:
    several = f" x{job['instances']}" if job["instances"] > 1 else ""
    return str(job["name"]).strip() + several + (f" (+ {', '.join(others)})" if others else "")
