"""Jobs of several projects that would set each other off for ever."""

from __future__ import annotations

import graphlib
from collections.abc import Iterator, Mapping

from skafd.model.ids import JobId
from skafd.model.project import Project, TriggerKind

_Place = tuple[str, JobId]
"""The short name of a project, and a job of it."""


def find_circle(configs: Mapping[str, Project], project: str) -> list[str]:
    """A circle through a project, by the names of jobs (`churn/train`), the first of them again at the end.

    `configs` are those of all projects, by their short names. Empty where there is none.
    """
    graph: dict[_Place, set[_Place]] = {}
    for before, after in _edges(configs):
        graph.setdefault(after, set()).add(before)
    try:
        graphlib.TopologicalSorter(graph).prepare()
    except graphlib.CycleError as error:
        circle: list[_Place] = error.args[1]
        if any(slug == project for slug, _ in circle):
            return [f"{slug}/{_name(configs[slug], job)}" for slug, job in circle]
    return []


def _edges(configs: Mapping[str, Project]) -> Iterator[tuple[_Place, _Place]]:
    """From each job to those that its success may set off, in its run or in another project."""
    for slug, config in configs.items():
        for job in config.jobs:
            if not job.has_occasions:
                yield from (((slug, dependency), (slug, job.id)) for dependency in job.dependencies)
            for trigger in job.triggers:
                if trigger.kind is TriggerKind.PROJECT:
                    yield from ((place, (slug, job.id)) for place in _meant(configs, trigger.name))


def _meant(configs: Mapping[str, Project], name: str) -> Iterator[_Place]:
    """The jobs after whose success somebody starts who waits for `other` or `other/job`."""
    slug, _, job = name.partition("/")
    config = configs.get(slug)
    for one in config.jobs if config else ():
        if job in ("", one.id, one.name.strip()):
            yield slug, one.id


def _name(config: Project, job: JobId) -> str:
    return config.job(job).name.strip()
