"""What people type to name a thing: `churn`, `churn/42`, `churn/train`, `churn/42/train[3]`."""

from __future__ import annotations

import re
from dataclasses import dataclass

_TASK = re.compile(r"(?P<job>.+?)(?:\[(?P<instance>[0-9]{1,9})\])?", re.DOTALL)
_NUMBER = re.compile(r"[0-9]{1,18}")


@dataclass(frozen=True, slots=True)
class Target:
    """The parts of a name; each narrows the one before."""

    project: str
    run: int | None = None
    job: str | None = None
    instance: int | None = None


def parse_target(text: str) -> Target:
    """Reads a name from the left: a second part of digits alone is a run's number, else it is a job."""
    project, _, rest = text.partition("/")
    if not rest:
        return Target(project)
    head, _, tail = rest.partition("/")
    if not _NUMBER.fullmatch(head):
        return Target(project, None, *_task(rest))
    return Target(project, int(head), *_task(tail)) if tail else Target(project, int(head))


def _task(text: str) -> tuple[str, int | None]:
    match = _TASK.fullmatch(text)
    assert match, "every non-empty text is a job's name"
    return match["job"], None if match["instance"] is None else int(match["instance"])
