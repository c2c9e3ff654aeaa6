"""Dependencies: from the ids and names in the file to jobs, without circles."""

from __future__ import annotations

import graphlib
from collections.abc import Iterable, Sequence

from skafd.config.jobs import Draft, is_placeholder
from skafd.config.nodes import quote
from skafd.config.problems import Code, Problems
from skafd.config.shapes import Entry
from skafd.config.suggest import closest
from skafd.model.ids import JobId

_MOST_NAMES_COMPARED = 200
Links = dict[JobId, dict[JobId, Entry]]
"""For each job, the jobs it depends on, and where that is said."""


def link(drafts: Sequence[Draft], problems: Problems) -> Links:
    """What depends on what. Notes duplicate ids, unknown and ambiguous jobs, and a circle."""
    _check_ids(drafts, problems)
    links: Links = {draft.job.id: {} for draft in drafts}
    named: dict[str, list[Draft]] = {}
    services = {draft.job.id for draft in drafts if draft.job.is_service}
    for draft in drafts:
        named.setdefault(draft.job.name.strip(), []).append(draft)
    for draft in drafts:
        for entry in draft.dependencies:
            found = JobId(entry.value) if entry.value in links else _find_named(entry, named, problems)
            if found in services:
                message = f"{quote(entry.value)} is a service, which does not end: nothing can wait for it"
                problems.error(Code.UNKNOWN_JOB, entry.node, message, "remove the dependency")
            elif found is not None:
                links[draft.job.id].setdefault(found, entry)
    _check_circles(drafts, links, problems)
    return links


def has_blank(draft: Draft, links: Links) -> bool:
    """Whether a dependency is a template's blank, so that nobody can say when the job is due."""
    known = len(links[draft.job.id])
    return known < len(draft.dependencies) and any(is_placeholder(entry.value) for entry in draft.dependencies)


def _check_ids(drafts: Iterable[Draft], problems: Problems) -> None:
    seen: dict[JobId, Draft] = {}
    for draft in drafts:
        first = seen.setdefault(draft.job.id, draft)
        if first is not draft:
            message = f"two jobs are {quote(draft.job.id)}; the first is in line {first.node.line}"
            problems.error(Code.DUPLICATE_ID, draft.node, message, "give one of them another name, or an `id:`")


def _find_named(entry: Entry, jobs: dict[str, list[Draft]], problems: Problems) -> JobId | None:
    named = jobs.get(entry.value, [])
    if len(named) == 1:
        return named[0].job.id
    if named:
        lines = ", ".join(str(draft.node.line) for draft in named[:5])
        message = f"several jobs are called {quote(entry.value)}: those in lines {lines}"
        problems.error(Code.AMBIGUOUS_JOB, entry.node, message, "name the one that is meant by its id")
    elif is_placeholder(entry.value):
        message = f"{quote(entry.value)} is a template's blank; until it is filled in, this job starts only by hand"
        problems.warn(Code.PLACEHOLDER, entry.node, message, "write the id or name of a job")
    else:
        _note_unknown(entry, jobs, problems)
    return None


def _note_unknown(entry: Entry, jobs: dict[str, list[Draft]], problems: Problems) -> None:
    names = list(jobs)[:_MOST_NAMES_COMPARED]
    near = closest(entry.value, [*names, *(draft.job.id for name in names for draft in jobs[name][:5])])
    hint = f"did you mean `{near}`?" if near else f"the jobs are {', '.join(names[:10])}"
    problems.error(Code.UNKNOWN_JOB, entry.node, f"there is no job {quote(entry.value)} in this file", hint)


def _check_circles(drafts: Sequence[Draft], links: Links, problems: Problems) -> None:
    try:
        graphlib.TopologicalSorter(links).prepare()
    except graphlib.CycleError as error:
        _note_circle(error.args[1][:0:-1], drafts, links, problems)


def _note_circle(circle: list[JobId], drafts: Sequence[Draft], links: Links, problems: Problems) -> None:
    """`circle`: each depends on the next, the last on the first."""
    names = {draft.job.id: draft.job.name for draft in reversed(drafts)}
    places = [draft.job.id for draft in drafts]
    first = circle.index(min(circle, key=places.index))
    ordered = circle[first:] + circle[:first]
    path = " -> ".join(names[job] for job in (*ordered, ordered[0]))
    entry = links[ordered[0]][ordered[1 % len(ordered)]]
    message = f"these jobs wait for each other for ever: {path}"
    problems.error(Code.CYCLE, entry.node, message, "remove one of these dependencies")
