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
    children: dict[str | None, list[Json]] = {}
    for job in jobs:
        known = [each for each in job["dependencies"] if each in by_id]
        parent = max(known, key=depth) if known else None
        children.setdefault(parent, []).append(job)
    lines: list[tuple[str, Json]] = []

    def draw(job: Json, lead: str, branch: str) -> None:
        lines.append((lead + branch + _label(job, by_id, depth), job))
        below = children.get(job["id"], [])
        inner = lead + {"": "", "├ ": "│ ", "└ ": "  "}[branch]
        for child in below:
            draw(child, inner, "└ " if child is below[-1] else "├ ")

    for root in children.get(None, []):
        draw(root, "", "")
    return lines


def _depths(by_id: dict[str, Json]) -> Depth:
    @cache
    def depth(job_id: str) -> int:
        return 1 + max((depth(each) for each in by_id[job_id]["dependencies"] if each in by_id), default=0)

    return depth


def _label(job: Json, by_id: dict[str, Json], depth: Depth) -> str:
    known = [each for each in job["dependencies"] if each in by_id]
    shown = max(known, key=depth) if known else None
    others = [by_id[each]["name"].strip() for each in known if each != shown]
    several = f" x{job['instances']}" if job["instances"] > 1 else ""
    return str(job["name"]).strip() + several + (f" (+ {', '.join(others)})" if others else "")
