"""A flow in a run that is resumed: what had succeeded is kept, where the flow is still the one that left it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime

from skafd.engine.steps import OpenFlow
from skafd.model.flow import ON_ERROR, ON_SUCCESS, SETUP, Flow, Token, decode_token, encode_token, flow_run_id
from skafd.model.ids import RunKey, TaskKey
from skafd.model.run import Run, Task
from skafd.model.states import TaskState


def fits(flow: Flow, tasks: Sequence[Task]) -> bool:
    """Whether these tasks are what the flow, as it is now, would have made of what those that succeeded left."""
    if any(task.token is None for task in tasks):
        return False
    kept = _without_hooks(tasks)
    tokens = [decode_token(task.token or "") for task in kept]
    open_flow = OpenFlow(flow)
    try:
        names = open_flow.add(tokens)
        followed = [Token(flow.start, (0,))] if tokens[1:] else []
        for task in kept[1:]:
            if task.state is TaskState.SUCCEEDED:
                followed += open_flow.follow(task.key.instance, task.output)
    except (KeyError, ValueError):
        return False
    return names == [task.part for task in kept] and Counter(followed) == Counter(tokens[1:])


def resume(old: Run, tasks: Sequence[Task], key: RunKey, now: datetime) -> list[Task]:
    """The tasks of the new run. Its first one takes over what had succeeded; what had not, waits for it."""
    found = [_copied(task, old, key, now) for task in _without_hooks(tasks)]
    origin = flow_run_id(old.key, old.created_at)
    has_any = any(task.state is TaskState.SUCCEEDED for task in found[1:])
    token = Token(SETUP, members=(origin,)) if has_any else Token(SETUP)
    found[0] = replace(_anew(found[0], now), token=encode_token(token))
    return found


def _copied(task: Task, old: Run, key: RunKey, now: datetime) -> Task:
    here = replace(task, key=TaskKey(key, task.key.job, task.key.instance))
    if task.state is not TaskState.SUCCEEDED:
        return _anew(here, now)
    return replace(here, attempt=0, changed_at=now, gpus=(), reason=f"kept from run {old.key.number}")


def _anew(task: Task, now: datetime) -> Task:
    return Task(task.key, TaskState.WAITING, changed_at=now, part=task.part, token=task.token)


def _without_hooks(tasks: Sequence[Task]) -> list[Task]:
    """Those came last, and come again."""
    return [task for task in tasks if decode_token(task.token or "").step not in (ON_SUCCESS, ON_ERROR)]
