"""How many instances a job has, and for what."""

from __future__ import annotations

import json

from skafd.model.decisions import Expanded
from skafd.model.project import DependencyRule, Job
from skafd.model.states import TaskState
from tests.support.simulated.runs import StoredRun

FOUND = tuple(f"inbox/{number}.csv" for number in range(30))


def expected_tasks(job: Job) -> int:
    """In a new run: one alone where the items are not known yet."""
    if job.foreach is None:
        return job.parallelism
    return 1 if job.foreach.items is None else len(job.foreach.items)


def check_expanded(run: StoredRun, expanded: Expanded, found: tuple[str, ...]) -> None:
    """One instance for each item that was published or `found`, in their order."""
    job = run.shares[expanded.job].job
    assert job.foreach is not None
    items = [task.item for task in expanded.tasks]
    assert [task.key.instance for task in expanded.tasks] == list(range(len(items)))
    if job.foreach.glob is not None:
        assert items == list(found)
        return
    assert job.foreach.job is not None
    published: list[str] = []
    for key in run.of(job.foreach.job):
        if run.state_of(key) is TaskState.SUCCEEDED:
            published += (one if isinstance(one, str) else str(one) for one in json.loads(run.outputs[key]))
    publisher = run.shares[job.foreach.job]
    if publisher.succeeded < publisher.tasks or job.dependency_rule is DependencyRule.ANY:
        assert {*items} <= {*published}  # Others may have succeeded since.
    else:
        assert items == published
