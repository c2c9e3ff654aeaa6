"""What jobs say about each other besides dependencies: conditions, lists that others publish, jobs at the end."""

from __future__ import annotations

from collections.abc import Sequence

from skafd.config.graph import Links
from skafd.config.jobs import Draft
from skafd.config.nodes import Mapping, Node, quote
from skafd.config.problems import Code, Problems
from skafd.config.suggest import closest
from skafd.model.condition import ConditionError, parse_condition
from skafd.model.ids import JobId
from skafd.model.parameters import has_type
from skafd.model.project import Foreach, JobType, Parameter

Names = dict[JobId, str]


def check_flow(drafts: Sequence[Draft], links: Links, problems: Problems) -> None:
    """Notes conditions that cannot be answered, lists of no dependency, and jobs that wait for one at the end."""
    by_id = {draft.job.id: draft for draft in drafts}
    names = names_of(drafts)
    known = {*names, *names.values()}
    parameters = {parameter.name for draft in drafts for parameter in draft.job.parameters}
    for draft in drafts:
        _check_condition(draft, known, parameters, problems)
        _check_publisher(draft, links, names, problems)
        _check_given(draft, drafts, problems)
        for dependency, entry in links[draft.job.id].items():
            if by_id[dependency].job.always and not draft.job.always:
                message = f"{quote(entry.value)} runs at the end of the run, after this job"
                problems.error(Code.CYCLE, entry.node, message, "remove the dependency, or its `always`")


def names_of(drafts: Sequence[Draft]) -> Names:
    """What each job is called, by its id."""
    return {draft.job.id: draft.job.name.strip() for draft in drafts}


def find_publisher(draft: Draft, links: Links, names: Names) -> Foreach | None:
    """The job's `foreach`, with the publisher by its id."""
    foreach = draft.job.foreach
    if foreach is None or foreach.job is None:
        return foreach
    return Foreach(job=_published_by(foreach.job, draft, links, names) or foreach.job)


def _published_by(name: str, draft: Draft, links: Links, names: Names) -> JobId | None:
    found = [job for job, entry in links[draft.job.id].items() if name in (job, entry.value, names[job])]
    return found[0] if found else None


def _check_publisher(draft: Draft, links: Links, names: Names, problems: Problems) -> None:
    foreach = draft.job.foreach
    if foreach is None or foreach.job is None:
        return
    if _published_by(foreach.job, draft, links, names) is None:
        message = f"{quote(foreach.job)} is no dependency of this job, so it can publish no list for it"
        problems.error(Code.UNKNOWN_JOB, _place(draft, "foreach"), message, "add it to `dependencies:`")


def _check_condition(draft: Draft, jobs: set[str], parameters: set[str], problems: Problems) -> None:
    if not draft.job.when:
        return
    node = _place(draft, "when")
    try:
        condition = parse_condition(draft.job.when)
    except ConditionError as error:
        problems.error(Code.VALUE, node, str(error), "for example `params.region == 'eu'`")
        return
    for name in sorted(condition.parameters - parameters):
        near = closest(name, sorted(parameters))
        hint = f"did you mean `{near}`?" if near else "declare it under `params:`"
        problems.error(Code.VALUE, node, f"no job declares a parameter {quote(name)}", hint)
    for name in sorted(condition.jobs - jobs):
        near = closest(name, sorted(jobs))
        problems.error(Code.UNKNOWN_JOB, node, f"there is no job {quote(name)}", near and f"did you mean `{near}`?")


def _check_given(draft: Draft, drafts: Sequence[Draft], problems: Problems) -> None:
    """The parameters that the job's schedules and events give."""
    if draft.job.type is JobType.METAFLOW:
        return  # Its file declares them.
    declared = {one.name: one for other in drafts for one in other.job.parameters}
    for schedule in draft.job.schedules:
        for name, value in schedule.parameters:
            _check_parameter(name, value, declared, ("the schedule", _place(draft, "schedule")), problems)
    for trigger in draft.job.triggers:
        given: dict[str, str | None] = {**dict.fromkeys(name for name, _ in trigger.fields), **dict(trigger.parameters)}
        for name, given_value in given.items():
            _check_parameter(name, given_value, declared, ("`on`", _place(draft, "on")), problems)


def _check_parameter(
    name: str, value: str | None, declared: dict[str, Parameter], giver: tuple[str, Node], problems: Problems
) -> None:
    who, place = giver
    if name not in declared:
        near = closest(name, sorted(declared))
        hint = f"did you mean `{near}`?" if near else "declare it under `params:`"
        problems.error(Code.VALUE, place, f"no job declares a parameter {quote(name)}", hint)
    elif value is not None and not has_type(declared[name].type, value):
        message = f"{who} gives `{name}` the value {quote(value)}, and its type is {declared[name].type}"
        problems.error(Code.VALUE, place, message, "change the type or the value")


def _place(draft: Draft, key: str) -> Node:
    """Where the key's value stands, else the job."""
    found = draft.source.find(key) if isinstance(draft.source, Mapping) else None
    return found or draft.node
