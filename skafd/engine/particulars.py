"""What an attempt is told that is not in the config."""

from __future__ import annotations

from dataclasses import replace

from skafd.engine.board import Board
from skafd.engine.closing import has_failed
from skafd.errors import NotFound
from skafd.model.ids import TaskKey
from skafd.model.particulars import Particulars


def of_task(board: Board, key: TaskKey) -> Particulars:
    """Of the present attempt of an open task. Raises NotFound."""
    open_job = board.find_job(key)
    if open_job is None:
        raise NotFound(f"{key.job} of run {key.run.number} is not open")
    task = open_job.tasks[key.instance]
    limits = open_job.job.resources.limits
    if task.memory_bytes is not None:
        limits = replace(limits, memory_bytes=task.memory_bytes)
    before = [open_job.run.jobs[one] for one in open_job.inside]
    return Particulars(
        limits=limits,
        gpus=task.gpus,
        item=task.item,
        instances=len(open_job.tasks),
        upstream_failed=tuple(one.job.name.strip() for one in before if has_failed(one)),
    )
