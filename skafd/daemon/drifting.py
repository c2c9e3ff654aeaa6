"""Which packages a deployment runs with that the one before it did not."""

from __future__ import annotations

from skafd.model.environment import Drift, drift
from skafd.model.ids import DeploymentNumber, JobId, ProjectId
from skafd.store import Reader

_MOST_NAMED = 20


def drift_of(reader: Reader, project: ProjectId, number: DeploymentNumber) -> list[str]:
    """A line per package that differs, `train: pandas 1.5.3 -> 2.0.0`; none where nothing is known to differ."""
    earlier = [one.number for one in reader.deployments(project) if one.number < number]
    if not earlier:
        return []
    after, before = reader.deployment(project, number), reader.deployment(project, earlier[0])
    lines: dict[str, list[str]] = {}
    compared: dict[tuple[str, str], tuple[Drift, ...]] = {}
    for job in after.config.jobs:
        pair = before.environment_of(JobId(job.id)), after.environment_of(job.id)
        if pair not in compared:
            compared[pair] = between(reader, *pair)
        for one in compared[pair]:
            lines.setdefault(_words(one), []).append(job.name)
    everywhere = len(after.config.jobs)
    found = [text if len(jobs) == everywhere else f"{', '.join(jobs)}: {text}" for text, jobs in lines.items()]
    more = len(found) - _MOST_NAMED
    return [*found[:_MOST_NAMED], *([f"and {more} more"] if more > 0 else [])]


def between(reader: Reader, before: str, after: str) -> tuple[Drift, ...]:
    """What differs between two environments, by their keys; nothing where one of them is not known."""
    if before == after:
        return ()
    old, new = reader.lock(before), reader.lock(after)
    return drift(old, new) if old is not None and new is not None else ()


def _words(one: Drift) -> str:
    if one.before is None:
        return f"{one.name} {one.after} is new"
    return f"{one.name} {one.before} is gone" if one.after is None else f"{one.name} {one.before} -> {one.after}"
