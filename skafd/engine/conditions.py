"""The condition of a job, asked when it becomes ready."""

from __future__ import annotations

import json
from typing import Any

from skafd.engine.open_run import Blame, OpenJob
from skafd.model.condition import ConditionError, JobFacts, parse_condition
from skafd.model.parameters import typed_value
from skafd.model.project import Parameter
from skafd.model.states import FAILURES, TaskState


def ask_condition(open_job: OpenJob) -> Blame | None:
    """Why the job does not run: its condition does not hold, or has no answer; None where it runs."""
    if not open_job.job.when:
        return None
    try:
        condition = parse_condition(open_job.job.when)
        if condition.holds(_parameters(open_job), _facts(open_job)):
            return None
    except ConditionError as error:
        return Blame(TaskState.FAILED, str(error))
    return Blame(TaskState.SKIPPED, f"its condition does not hold: {condition.text}")


def _parameters(open_job: OpenJob) -> dict[str, Any]:
    """The job's own declaration counts before that of another job."""
    declared: dict[str, Parameter] = {}
    for job in (*open_job.run.graph.jobs.values(), open_job.job):
        declared |= {parameter.name: parameter for parameter in job.parameters}
    given = dict(open_job.run.parameters)
    values = {name: given.get(name, parameter.default) for name, parameter in declared.items()}
    return {name: typed_value(declared[name].type, text) for name, text in values.items() if text is not None}


def _facts(open_job: OpenJob) -> dict[str, JobFacts]:
    facts = {}
    for job_id, other in open_job.run.jobs.items():
        facts[other.job.name.strip()] = facts[str(job_id)] = JobFacts(
            state=_state(other),
            output=_output(other),
            failed=other.failed,
        )
    return facts


def _state(open_job: OpenJob) -> str:
    """One word for all instances: what went wrong first."""
    if open_job.open_tasks:
        return "running" if open_job.is_released else "waiting"
    order = (*sorted(FAILURES), TaskState.CANCELLED, TaskState.SKIPPED, TaskState.SUCCEEDED)
    return next(str(state) for state in order if open_job.ended[state])


def _output(open_job: OpenJob) -> Any:
    """What the job published; a list of all where it has several instances; nothing of a flow."""
    if open_job.flow is not None:
        return None
    values = [None if task.output is None else _json(task.output) for task in open_job.tasks]
    return values if open_job.job.has_instances else values[0]


def _json(text: str) -> Any:
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        return None
