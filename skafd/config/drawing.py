"""A project's graph as a picture: what sets off its jobs, and which follow which, in Mermaid's language."""

from __future__ import annotations

from collections.abc import Iterator

from skafd.model.project import DependencyRule, Job, Project


def draw_graph(project: Project) -> str:
    """Lines for a `mermaid` block; the same for the same project."""
    names = {job.id: f"job{number}" for number, job in enumerate(project.jobs)}
    lines = ["flowchart LR"]
    for job in project.jobs:
        lines.append(f"    {names[job.id]}{_shape(job)}")
        for number, occasion in enumerate(_occasions(job)):
            lines.append(f'    on{number}_{names[job.id]}(["{_safe(occasion)}"]) --> {names[job.id]}')
        arrow = "-. any .->" if job.dependency_rule is DependencyRule.ANY and len(job.dependencies) > 1 else "-->"
        lines += [f"    {names[one]} {arrow} {names[job.id]}" for one in job.dependencies]
    return "\n".join(lines)


def _shape(job: Job) -> str:
    """A rectangle; twice as many lines where it has instances, a hexagon for what runs at the end."""
    text = _safe(" ".join([job.name.strip(), *_remarks(job)]))
    if job.always:
        return f'{{{{"{text}"}}}}'
    return f'[["{text}"]]' if job.has_instances else f'["{text}"]'


def _remarks(job: Job) -> Iterator[str]:
    if job.foreach is not None and job.foreach.items is not None:
        yield f"x {len(job.foreach.items)}"
    elif job.foreach is not None:
        yield "x each item"
    elif job.parallelism > 1:
        yield f"x {job.parallelism}"
    if job.when:
        yield f"when {job.when}"
    if job.always:
        yield "at the end"


def _occasions(job: Job) -> Iterator[str]:
    yield from (schedule.expression for schedule in job.schedules)
    yield from (trigger.label for trigger in job.triggers if not trigger.together)
    sets = dict.fromkeys(trigger.together for trigger in job.triggers if trigger.together)
    yield from (f"all of {together}" for together in sets)


def _safe(text: str) -> str:
    """Mermaid has entities for what would end a text or begin markup."""
    return text.replace("#", "#35;").replace('"', "#quot;").replace("<", "#lt;").replace("\n", " ")
