"""A flow in a run that is resumed: what had succeeded is kept, where the flow is still the one that left it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime

from skafd.engine.open_run import PASSED_OVER
from skafd.engine.steps import OpenFlow
from skafd.model.flow import GONE, ON_ERROR, ON_SUCCESS, SETUP, Flow, Token, decode_token, encode_token, flow_run_id
from skafd.model.ids import RunKey, TaskKey
from skafd.model.run import Run, Task
from skafd.model.states import TaskState


def fits(flow: Flow, tasks: Sequence[Task]) -> bool:
    """Whether these tasks are what the flow, as it is now, would have made of what those that succeeded left."""
    if any(task.token is None for task in tasks):
        return False
    kept = _without_hooks(tasks)
    tokens = [decode_token(task.token or "") for task in kept]
    came = [token for token in tokens[1:] if token.step != GONE]
    open_flow = OpenFlow(flow)
    try:
        names = open_flow.add(tokens)
        followed = [Token(flow.start, (0,))] if came else []
        for task in kept[1:]:
            if task.state is TaskState.SUCCEEDED:
                followed += open_flow.follow(task.key.instance, task.output)
    except (KeyError, ValueError):
        return False
    return names == [task.part for task in kept] and Counter(followed) == Counter(came)


def resume(
    flow: Flow, old: Run, tasks: Sequence[Task], key: RunKey, now: datetime, from_step: str | None = None
) -> list[Task]:
    """The tasks of the new run. Its first one takes over what had succeeded; what had not, waits for it.

    From `from_step` on nothing is taken over. Tasks have their numbers in Metaflow's datastore, so that those of which
    there will be others keep their places.
    """
    again = flow.from_step_on(from_step) if from_step is not None else frozenset()
    found: list[Task] = []
    kept: set[int] = set()
    anew = 0
    for task in _without_hooks(tasks):
        token = decode_token(task.token or "")
        here = replace(task, key=TaskKey(key, task.key.job, task.key.instance))
        if not kept.issuperset(token.inputs) or token.step == GONE:
            found.append(_gone(here, now, len(found) - len(kept) - anew))
        elif task.state is TaskState.SUCCEEDED and token.step not in again:
            kept.add(task.key.instance)
            found.append(_kept(here, old, now))
        else:
            anew += 1
            found.append(_anew(here, now))
    first = from_step if len(kept) > 1 else flow.start
    origin = (flow_run_id(old.key, old.created_at), *([first] if first else []))
    token = Token(SETUP, members=origin) if 0 in kept else Token(SETUP)
    found[0] = replace(_anew(found[0], now), token=encode_token(token))
    return found


def _kept(task: Task, old: Run, now: datetime) -> Task:
    return replace(task, attempt=0, changed_at=now, gpus=(), reason=f"kept from run {old.key.number}")


def _gone(task: Task, now: datetime, number: int) -> Task:
    part = f"{GONE}[{number}]"
    reason = f"{PASSED_OVER}there will be another, since a step before it runs again"
    token = encode_token(Token(GONE))
    return Task(task.key, TaskState.SKIPPED, reason=reason, changed_at=now, part=part, token=token)


def _anew(task: Task, now: datetime) -> Task:
    return Task(task.key, TaskState.WAITING, changed_at=now, part=task.part, token=task.token)


def _without_hooks(tasks: Sequence[Task]) -> list[Task]:
    """Those came last, and come again."""
    return [task for task in tasks if decode_token(task.token or "").step not in (ON_SUCCESS, ON_ERROR)]
