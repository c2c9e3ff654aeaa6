"""What an attempt is told that is not in the config."""

from __future__ import annotations

from dataclasses import replace

from skafd.engine.board import Board
from skafd.engine.closing import has_failed
from skafd.engine.open_run import OpenJob
from skafd.errors import NotFound
from skafd.model.ids import TaskKey
from skafd.model.particulars import Particulars, Place
from skafd.model.run import Task


def _place(open_job: OpenJob, task: Task) -> Place | None:
    if open_job.flow is None:
        return None
    tokens = open_job.flow.tokens
    token = tokens[task.key.instance]
    assert open_job.job.flow is not None, "it has a flow's tokens"
    retries = open_job.job_of(task).retry.times - open_job.job.flow.step(token.step).fallbacks
    inputs = tuple((tokens[one].step, one) for one in token.inputs)
    origin = next(iter(tokens[0].members), None)
    return Place(task.part, token, inputs, max(0, retries), task.tries - 1, origin)


def of_task(board: Board, key: TaskKey) -> Particulars:
    """Of the present attempt of an open task. Raises NotFound."""
    open_job = board.find_job(key)
    if open_job is None:
        raise NotFound(f"{key.job} of run {key.run.number} is not open")
    task = open_job.tasks[key.instance]
    limits = open_job.job_of(task).resources.limits
    if task.memory_bytes is not None:
        limits = replace(limits, memory_bytes=task.memory_bytes)
    before = [open_job.run.jobs[one] for one in open_job.inside]
    return Particulars(
        limits=limits,
        gpus=task.gpus,
        item=task.item,
        instances=len(open_job.tasks),
        step=_place(open_job, task),
        upstream_failed=tuple(one.job.name.strip() for one in before if has_failed(one)),
    )
