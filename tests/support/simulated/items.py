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
    values = [
        json.loads(run.outputs.get(key, "null"))
        for key in run.of(job.foreach.job)
        if run.state_of(key) is TaskState.SUCCEEDED
    ]
    lists = [value for value in values if isinstance(value, list)]
    published = [item if isinstance(item, str) else str(item) for value in lists for item in value]
    publisher = run.shares[job.foreach.job]
    needs_all = publisher.job.need == 1 and job.dependency_rule is DependencyRule.ALL
    if needs_all and publisher.succeeded == publisher.tasks:
        assert len(lists) == len(values), "what is no list has no items"
        assert items == published
    else:
        assert {*items} <= {*published}  # Others may have succeeded since, with or without a list.
