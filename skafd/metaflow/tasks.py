"""From a task of a flow to the command that its supervisor executes."""

from __future__ import annotations

import base64
import json
import zlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from skafd.metaflow.datastore import run_id
from skafd.metaflow.provision import Provision
from skafd.model.flow import ON_ERROR, ON_SUCCESS, SETUP, Flow, flow_task_id
from skafd.model.ids import AttemptKey
from skafd.model.particulars import Place
from skafd.model.project import Job
from skafd.model.run import CauseKind, Run

_QUIET = ("--quiet", "--no-pylint", "--event-logger=nullSidecarLogger", "--monitor=nullSidecarMonitor")
_LONGEST_PLAIN_LIST = 500
TASK_VARIABLE = "SKAFD_METAFLOW_TASK"


@dataclass(frozen=True, slots=True)
class FlowTask:
    """One attempt of a task of a flow, and all that its command is made of."""

    run: Run
    job: Job
    flow: Flow
    attempt: AttemptKey
    place: Place
    python: Path
    local_root: Path
    provision: Provision

    @property
    def name(self) -> str:
        """What Metaflow calls the task."""
        return flow_task_id(self.attempt.task.instance)


def environment_of(task: FlowTask) -> dict[str, str]:
    """What the task's environment has besides that of every job."""
    found = {
        "METAFLOW_RUNTIME_NAME": "skafd",
        "METAFLOW_RUN_ID": run_id(task.run),
        TASK_VARIABLE: task.name,
    }
    if task.run.cause.kind is CauseKind.EVENT and task.run.created_at is not None:
        found["SKAFD_METAFLOW_TRIGGERED_AT"] = str(int(task.run.created_at.timestamp()))
    if task.run.cause.kind is CauseKind.RETRY and task.run.parameters:
        # What was taken over has those of the run before.
        found["SKAFD_METAFLOW_PARAMETERS"] = json.dumps(dict(task.run.parameters))
    if task.flow.configs is not None:
        found["SKAFD_METAFLOW_CONFIGS"] = task.flow.configs
    if task.flow.production_token is not None:
        found["METAFLOW_PRODUCTION_TOKEN"] = task.flow.production_token
    return found


def command_of(task: FlowTask) -> tuple[str, ...]:
    """The command, inside the one that keeps its output where Metaflow's logs are."""
    # Isolated: what is on the path of the job is for the step, not for who runs it.
    runner = (str(task.python), "-I", "-S", str(task.provision.run_step), *_log_options(task), "--")
    step = task.place.token.step
    if step in (ON_SUCCESS, ON_ERROR):
        return (*runner, *_hook(task))
    return (*runner, *_flow(task), *(_setup(task) if step == SETUP else _step(task)))


def _log_options(task: FlowTask) -> Iterator[str]:
    pathspec = f"{task.flow.name}/{run_id(task.run)}/{task.place.token.step}/{task.name}"
    attempt = str(task.place.tries_before)
    if task.flow.datastore == "local":
        yield f"--logs={task.local_root / pathspec / attempt}"
    elif task.place.token.step not in (ON_SUCCESS, ON_ERROR):
        yield from (f"--logs={attempt}", f"--save={task.flow.datastore}")
        yield from (f"--root={task.flow.datastore_root}", f"--task={pathspec}")


def _flow(task: FlowTask) -> Iterator[str]:
    flow, step = task.flow, task.place.token.step
    yield from (str(task.python), "-u", flow.file, *flow.options, *_QUIET)
    yield f"--metadata={flow.metadata}"
    yield f"--environment={flow.environment}"
    yield f"--datastore={flow.datastore}"
    yield f"--datastore-root={task.local_root if flow.datastore == 'local' else flow.datastore_root}"
    yield from (f"--with={one}" for one in flow.step(step).decorators)
    if not flow.step(step).is_elsewhere:
        yield "--with=skafd_internal"


def _setup(task: FlowTask) -> Iterator[str]:
    origin, *from_step = task.place.token.members or ("", task.flow.start)
    if from_step != [task.flow.start]:
        yield from ("resume", "--clone-only", "--run-id", run_id(task.run), "--origin-run-id", origin)
        yield from (f"--tag={tag}" for tag in task.flow.tags)
        yield from from_step
        return
    yield from ("init", "--run-id", run_id(task.run), "--task-id", task.name)
    yield from (f"--tag={tag}" for tag in task.flow.tags)
    given = dict(task.run.parameters)
    for parameter in task.job.parameters:
        value = given.get(parameter.name, parameter.default)
        if value is not None:
            yield f"--{parameter.name}={value}"


def _step(task: FlowTask) -> Iterator[str]:
    token = task.place.token
    is_elsewhere = task.flow.step(token.step).is_elsewhere
    yield from ("skafd", "hand-over") if is_elsewhere else ("step",)
    yield from (token.step, "--run-id", run_id(task.run), "--task-id", task.name)
    yield from ("--input-paths", shorten(token.members or _inputs(task)))
    yield from ("--retry-count", str(task.place.tries_before))
    yield from ("--max-user-code-retries", str(task.place.retries))
    if task.place.resumed_from is not None and not is_elsewhere:
        yield from ("--clone-run-id", task.place.resumed_from)
    if token.index is not None:
        yield from ("--split-index", str(token.index))
    if token.gang is not None:
        yield from ("--ubf-context", "ubf_control")
        if token.gang.size:
            yield from ("--num-parallel", str(token.gang.size))
    yield from (f"--tag={tag}" for tag in task.flow.tags)
    if task.flow.namespace is not None:
        yield f"--namespace={task.flow.namespace}"
    elif task.flow.production_token is not None:
        yield f"--namespace=production:{task.flow.production_token}"


def _hook(task: FlowTask) -> tuple[str, ...]:
    flow, token = task.flow, task.place.token
    functions = flow.on_success if token.step == ON_SUCCESS else flow.on_error
    module = "metaflow.plugins.exit_hook.exit_hook_script"
    name = f"{flow.name}/{run_id(task.run)}"
    return (str(task.python), "-u", "-m", module, flow.file, functions[token.index or 0], name)


def _inputs(task: FlowTask) -> tuple[str, ...]:
    return tuple(f"{run_id(task.run)}/{step}/{flow_task_id(instance)}" for step, instance in task.place.inputs)


def shorten(paths: Sequence[str]) -> str:
    """The list as Metaflow reads it: with what all have in common once, and compressed where it is long."""
    common = _common_start(paths)
    text = ",".join(paths)
    if len(paths) > 1 and common:
        text = f"{common}:{','.join(path[len(common) :] for path in paths)}"
    if len(text) < _LONGEST_PLAIN_LIST:
        return text
    # Twice, as Metaflow does it.
    return "!" + base64.b64encode(zlib.compress(zlib.compress(text.encode()))).decode()


def _common_start(paths: Sequence[str]) -> str:
    first, last = min(paths), max(paths)
    length = next((n for n, (one, other) in enumerate(zip(first, last, strict=False)) if one != other), len(first))
    return first[: min(length, len(last))]
