"""What the steps of a run's flows have left, for `skafd show RUN --artifacts`."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path

from skafd.api.kept import StepArtifactInfo, StepKept
from skafd.metaflow.datastore import FOLDER
from skafd.metaflow.left import Pathspec, read_left
from skafd.model.deployment import Deployment
from skafd.model.flow import Flow, flow_run_id, flow_task_id
from skafd.model.ids import TaskKey
from skafd.store import views

MOST_STEPS = 200
"""Of a foreach over thousands the first ones say it all."""


def steps_kept(detail: views.RunDetail, deployment: Deployment, names: Mapping[TaskKey, str]) -> list[StepKept]:
    """In the order in which the tasks came to be; steps that have left nothing are not in it."""
    found: list[StepKept] = []
    for step in _steps(detail, deployment, names):
        if len(found) == MOST_STEPS:
            break
        found += [step] if step.artifacts or step.cards else []
    return found


def _steps(detail: views.RunDetail, deployment: Deployment, names: Mapping[TaskKey, str]) -> Iterator[StepKept]:
    for task in detail.tasks:
        flow = deployment.config.job(task.key.job).flow
        root = _root(task) if flow is not None and flow.datastore == "local" else None
        if flow is not None and root is not None:
            yield _step(detail, flow, task, root, names[task.key])


def _step(detail: views.RunDetail, flow: Flow, task: views.TaskView, root: Path, name: str) -> StepKept:
    run = flow_run_id(detail.run.key, detail.run.created_at)
    spec = Pathspec(flow.name, run, task.part.partition("[")[0], flow_task_id(task.key.instance))
    left = read_left(root, spec, task.attempts[-1].number)
    artifacts = [StepArtifactInfo(one.name, one.type, one.size_bytes) for one in left.artifacts]
    return StepKept(name, f"{flow.name}/{run}/{spec.step}/{spec.task}", artifacts, [str(card) for card in left.cards])


def _root(task: views.TaskView) -> Path | None:
    """Where its working folder has the datastore; None where that is gone, or never was."""
    if not task.attempts:
        return None
    try:
        return (task.attempts[-1].directory / "work" / FOLDER).readlink()
    except OSError:
        return None
