"""Attached to every step that skafd runs: tells skafd what comes next, and the metadata who ran it."""

import json
import os

from metaflow import current
from metaflow._vendor import click
from metaflow.decorators import StepDecorator
from metaflow.events import Trigger
from metaflow.plugins.argo.argo_events import ArgoEvent

from .skafd_events import tell_skafd

try:
    from metaflow.metadata_provider import MetaDatum
except ImportError:  # Metaflow before 2.13
    from metaflow.metadata import MetaDatum

_NAMED = ("event", "webhook")
_METADATA = {
    "SKAFD_TASK": "skafd-task",
    "SKAFD_ATTEMPT": "skafd-attempt",
    "SKAFD_DEPLOYMENT": "skafd-deployment",
}


# Whoever has this on the path: a step, and any other program.
tell_skafd(ArgoEvent)


class SkafdInternalDecorator(StepDecorator):
    """Works where skafd says which task it runs, and does nothing elsewhere."""

    name = "skafd_internal"

    def step_init(self, flow, graph, step_name, decorators, environment, flow_datastore, logger):
        """Keeps the parameters: when a step begins they have become its values."""
        self._parameters = dict(flow._get_parameters())

    def task_pre_step(
        self,
        step_name,
        task_datastore,
        metadata,
        run_id,
        task_id,
        flow,
        graph,
        retry_count,
        max_user_code_retries,
        ubf_context,
        inputs,
    ):
        """Notes which task of skafd's this is, and what set off its run."""
        _change_parameters(self._parameters, flow, task_datastore)
        triggers = _triggers()
        if triggers:
            current._update_env({"trigger": Trigger(triggers)})
        self._task_id = task_id
        tags = ["attempt_id:%d" % retry_count]
        known = [(name, os.environ[key]) for key, name in _METADATA.items() if key in os.environ]
        metadata.register_metadata(
            run_id,
            step_name,
            task_id,
            [MetaDatum(field=name, value=value, type=name, tags=tags) for name, value in known],
        )

    def task_finished(self, step_name, flow, graph, is_task_ok, retry_count, max_user_code_retries):
        """Writes what comes next where skafd looks for it. The other tasks of a gang have nothing to say."""
        path = os.environ.get("SKAFD_OUTPUT")
        if is_task_ok and path and os.environ.get("SKAFD_METAFLOW_TASK") == getattr(self, "_task_id", None):
            # The file is the task's, its folder is not; nobody reads it before the task has ended.
            with open(path, "w") as file:
                json.dump(what_is_left(flow), file)


def _triggers():
    """The events that set off the run, as `current.trigger` has them."""
    one = {key: os.environ.get("SKAFD_EVENT_" + key.upper()) for key in ("kind", "name", "number", "flow_task")}
    several = os.environ.get("SKAFD_EVENT_ALL")
    return [_trigger(event) for event in (json.loads(several) if several else [one]) if event["kind"] in _NAMED]


def _trigger(event):
    of_run = event.get("flow_task")
    return {
        "name": event["name"],
        "id": of_run or str(event["number"]),
        "type": "run" if of_run else "event",
        "timestamp": int(os.environ.get("SKAFD_METAFLOW_TRIGGERED_AT", "0")),
    }


def _change_parameters(parameters, flow, datastore):
    """In a run that is resumed with other parameters: what was taken over has the old ones, and passes them on."""
    given = json.loads(os.environ.get("SKAFD_METAFLOW_PARAMETERS", "{}"))
    changed = []
    for name, parameter in parameters.items():
        if parameter.name in given and not _is_other(parameter):
            value = _converted(parameter, given[parameter.name])
            setattr(type(flow), name, property(fget=lambda _, value=value: value))
            changed.append((name, value))
    if changed:
        datastore.save_artifacts(iter(changed), len_hint=len(changed))
        for name, _ in changed:
            flow._datastore._objects[name] = datastore._objects[name]
            flow._datastore._info[name] = datastore._info[name]


def _is_other(parameter):
    """Configs are what they were when the flow was deployed; files are what they were when it was started."""
    from metaflow import IncludeFile

    return getattr(parameter, "IS_CONFIG_PARAMETER", False) or isinstance(parameter, IncludeFile)


def _converted(parameter, text):
    default = parameter.kwargs.get("default")
    kind = click.types.convert_type(parameter.kwargs.get("type"), None if callable(default) else default)
    value = kind(text)
    return value.split(parameter.separator) if value and parameter.separator else value


def what_is_left(flow):
    """Which steps come next, and what is known of them."""
    transition = getattr(flow, "_transition", None) or ((), None)
    left = {"next": list(transition[0] or ())}
    if transition[1] and getattr(flow, "_unbounded_foreach", False):
        members = getattr(flow, "_parallel_ubf_iter", None)
        left["gang"] = {"size": getattr(members, "num_parallel", 0), "counts_itself": members is not None}
    elif transition[1]:
        left["items"] = flow._foreach_num_splits
    members = getattr(flow, "_control_mapper_tasks", None)
    if members:
        left["members"] = list(members)
    return left
