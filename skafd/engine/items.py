"""The items of a `foreach`: found when the job becomes ready, one instance for each from then on."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Any

from skafd.engine.board import Board
from skafd.engine.draft import Draft
from skafd.engine.moves import end_all, release
from skafd.engine.open_run import PASSED_OVER, OpenJob
from skafd.model.decisions import Expanded, ItemsFound, ItemsWanted
from skafd.model.ids import JobId, TaskKey
from skafd.model.run import Task
from skafd.model.states import TaskState
from skafd.model.text import is_text

MOST_ITEMS = 10_000
EMPTY = f"{PASSED_OVER}its list has no items"


def find_items(board: Board, draft: Draft, open_job: OpenJob) -> None:
    """Takes what a dependency published, or asks for the paths that a pattern finds."""
    foreach = open_job.job.foreach
    assert foreach is not None, "only asked of a job with items"
    if foreach.glob is not None:
        if not open_job.is_asked:
            open_job.is_asked = True
            draft.wanted.append(ItemsWanted(open_job.run.key, open_job.job.id, foreach.glob))
        return
    assert foreach.job is not None, "items come from a pattern or a job where they are not known"
    try:
        items = [_text(item) for item in _published(open_job, foreach.job)]
    except ValueError as error:
        end_all(board, draft, open_job, TaskState.FAILED, str(error))
    else:
        _expand(board, draft, open_job, items)


def take_items(board: Board, draft: Draft, event: ItemsFound) -> None:
    """What was asked for has been found, or not; no news for a job that does not wait for it."""
    run = board.find_run(event.run)
    open_job = run.jobs.get(event.job) if run else None
    if open_job is None or not open_job.is_asked or not open_job.open_tasks or not open_job.wants_items:
        return
    if event.problem:
        end_all(board, draft, open_job, TaskState.FAILED, event.problem)
    else:
        _expand(board, draft, open_job, event.items)


def _expand(board: Board, draft: Draft, open_job: OpenJob, items: Sequence[str]) -> None:
    if len(items) > MOST_ITEMS:
        reason = f"its list has {len(items)} items, and a job has at most {MOST_ITEMS} instances"
        end_all(board, draft, open_job, TaskState.FAILED, reason)
    elif not items:
        end_all(board, draft, open_job, TaskState.SKIPPED, EMPTY)
    elif (odd := next((item for item in items if not is_text(item)), None)) is not None:
        end_all(board, draft, open_job, TaskState.FAILED, f"its list has an item that is no text: {odd!r:.100}")
    else:
        first = open_job.tasks[0]
        others = [_new_task(first, number, item, draft) for number, item in enumerate(items[1:], 1)]
        open_job.tasks = [replace(first, item=items[0]), *others]
        open_job.open_tasks = len(items)
        draft.expanded.append(Expanded(open_job.run.key, open_job.job.id, tuple(open_job.tasks)))
        release(board, draft, open_job)


def _new_task(first: Task, instance: int, item: str, draft: Draft) -> Task:
    key = TaskKey(first.key.run, first.key.job, instance)
    return Task(key, TaskState.WAITING, changed_at=draft.now, item=item)


def _published(open_job: OpenJob, publisher: JobId) -> Iterator[Any]:
    """Raises ValueError where what was published is no list."""
    name = open_job.run.graph.jobs[publisher].name
    found = open_job.run.jobs.get(publisher)
    if found is None:
        raise ValueError(f"'{name}' is not part of this run, so it published no list")
    for task in found.tasks:
        if task.state is TaskState.SUCCEEDED:
            yield from _list_of(task, name)


def _list_of(task: Task, name: str) -> list[Any]:
    if task.output is None:
        raise ValueError(f"'{name}' published no list: it wrote nothing to $SKAFD_OUTPUT")
    try:
        value = json.loads(task.output)
    except (ValueError, RecursionError):
        raise ValueError(f"what '{name}' wrote to $SKAFD_OUTPUT is no JSON") from None
    if not isinstance(value, list):
        raise ValueError(f"what '{name}' wrote to $SKAFD_OUTPUT is no list")
    return value


def _text(item: Any) -> str:
    return item if isinstance(item, str) else json.dumps(item, ensure_ascii=False)
