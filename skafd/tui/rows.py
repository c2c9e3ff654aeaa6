"""The lines of the list of projects and jobs: filtered, ordered, and made anew only where something changed. Pure."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from skafd.looks.tree import job_tree
from skafd.looks.words import FAILURES
from skafd.tui.mirror import Mirror

Json = dict[str, Any]


class Order(StrEnum):
    """How projects are ordered."""

    NAME = "name"
    TROUBLE = "trouble first"


@dataclass(frozen=True, slots=True)
class Row:
    """One line: a project, or a job of it with its name drawn as part of the graph."""

    project: Json
    job: Json | None
    label: str

    @property
    def key(self) -> str:
        """What it is called: `churn` or `churn/train`. Stays the same while its state changes."""
        return self.project["project"] if self.job is None else f"{self.project['project']}/{self.job['name']}"

    @property
    def run(self) -> str | None:
        """The newest run of the job, or the first open one of the project."""
        if self.job is not None:
            return str(self.job["run"]) if self.job["run"] else None
        runs = self.project["open_runs"] or [job["run"] for job in self.project["jobs"] if job["run"]]
        return str(runs[0]) if runs else None


class RowMaker:
    """Keeps the lines of projects that are the same object as before."""

    def __init__(self) -> None:
        self._made: dict[str, tuple[Json, list[Row]]] = {}

    def rows(
        self, mirror: Mirror, needle: str = "", folded: Collection[str] = (), order: Order = Order.NAME
    ) -> list[Row]:
        """All lines that the filter lets through; of folded projects the heading alone."""
        return list(self.each(mirror, needle, folded, order))

    def each(
        self, mirror: Mirror, needle: str = "", folded: Collection[str] = (), order: Order = Order.NAME
    ) -> Iterator[Row]:
        """The same one by one: who wants the first alone need not wait for all."""
        projects = list(mirror.projects.values())
        if order is Order.TROUBLE:
            projects.sort(key=_is_well)
        words = needle.lower().split()
        for project in projects:
            yield from self._of(project, words, project["project"] in folded)

    def _of(self, project: Json, words: list[str], is_folded: bool) -> Iterable[Row]:
        heading, *jobs = self._all(project)
        shown = [row for row in jobs if _matches(row, words)] if words else jobs
        if words and not shown and not _matches(heading, words):
            return []
        return [heading] if is_folded and not words else [heading, *shown]

    def _all(self, project: Json) -> list[Row]:
        name = project["project"]
        known = self._made.get(name)
        if known is None or known[0] is not project:
            rows = [Row(project, None, name), *(Row(project, job, label) for label, job in job_tree(project["jobs"]))]
            known = self._made[name] = (project, rows)
        return known[1]


def has_trouble(project: Json) -> bool:
    """Its last save is not live, or the newest task of one of its jobs failed."""
    return bool(project["problem"]) or any(job["state"] in FAILURES for job in project["jobs"])


def _is_well(project: Json) -> bool:
    return not has_trouble(project)


def _matches(row: Row, words: list[str]) -> bool:
    state = row.job["state"] or "never ran" if row.job else ("problem" if row.project["problem"] else "")
    text = f"{row.key} {state}".lower()
    return all(word in text for word in words)
