"""Runs that are made of ended ones: what is kept, and what runs again."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from skafd.model.decisions import RunAgain
from skafd.model.ids import JobId, TaskKey
from skafd.model.project import Job
from skafd.model.run import Run
from skafd.model.states import TaskState


@dataclass(slots=True)
class Resumed:
    """What was asked for, until it is decided."""

    event: RunAgain | None = None

    def check(self, run: Run, jobs: Mapping[JobId, Job]) -> None:
        """Holds a new run against the one that it is made of."""
        event = self.event
        assert event is not None, "a run is made again when somebody asks"
        self.event = None
        old, new = {task.key: task for task in event.run.tasks}, {task.key: task for task in run.tasks}
        assert all(job in jobs for _, job, _ in new)
        again = {job for _, job, _ in _named(event)}
        inside = {key.job for key in new}
        touched = _touched(again, {key: job for key, job in jobs.items() if key in inside})
        for key, task in new.items():
            before = old.get(TaskKey(event.run.key, key.job, key.instance))
            if task.state is TaskState.WAITING:
                continue
            assert before is not None and before.state is task.state, "what does not run again is as it was"
            assert before.key not in _named(event), f"{key} does not run again"
            if task.state is TaskState.SUCCEEDED:
                assert not touched.intersection(jobs[key.job].dependencies), f"{key} is kept, and what it used is not"
                assert task.output == before.output and task.item == before.item, "it is kept as it was"
            assert not jobs[key.job].always or before.key not in again
        if event.deployment.number == event.run.deployment:
            for key, before in old.items():
                if key.job not in touched and not jobs[key.job].always:
                    kept = new[TaskKey(run.key, key.job, key.instance)]
                    assert kept.state is before.state, f"{key} runs again for nothing"


def _named(event: RunAgain) -> set[TaskKey]:
    if event.tasks:
        return set(event.tasks)
    return {task.key for task in event.run.tasks if task.state is not TaskState.SUCCEEDED}


def _touched(again: set[JobId], jobs: Mapping[JobId, Job]) -> set[JobId]:
    """Jobs that run again, and what depends on them in the run; in `jobs` dependencies come first."""
    touched = set(again)
    for job_id, job in jobs.items():
        if any(one in touched for one in job.dependencies):
            touched.add(job_id)
    return touched
