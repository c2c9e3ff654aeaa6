"""All that a scheduler has to know of a flow, as JSON."""

import json
import os

from metaflow import current
from metaflow.metaflow_version import get_version
from metaflow.parameters import JSONType, deploy_time_eval

_CALLED_ELSEWHERE = ("skafd_internal",)
MOST_RETRY_DELAY = "SKAFD_METAFLOW_MOST_RETRY_DELAY"
"""Set it, and no retry waits longer than so many seconds, whatever the flow says: for tests of flows."""


def write_description(obj, output):
    """Writes the description of the flow that the command line has loaded."""
    with open(output, "w") as file:
        json.dump(describe(obj), file)


def describe(obj):
    """The description, as what JSON can hold."""
    flow, graph = obj.flow, obj.graph
    decorators = flow._flow_decorators
    return {
        "flow": flow.name,
        "metaflow": get_version(),
        "start": getattr(graph, "start_step", "start"),
        "steps": [_step(graph[name], graph, _of_environment(obj)) for name in _names(graph)],
        "parameters": [_parameter(*one) for one in flow._get_parameters() if not _is_config(one[1])],
        "options": list(_options(obj)),
        "configs": _configs(flow),
        "metadata": obj.metadata.TYPE,
        "datastore": obj.flow_datastore.TYPE,
        "datastore_root": obj.flow_datastore.datastore_root,
        "environment": obj.environment.TYPE,
        "schedule": _schedule(decorators),
        "events": _events(decorators),
        "finished": _finished(decorators),
        "on_success": [name for one in decorators.get("exit_hook", []) for name in one.success_hooks],
        "on_error": [name for one in decorators.get("exit_hook", []) for name in one.error_hooks],
        "project": {name: current.get(name) for name in ("project_name", "branch_name", "project_flow_name")},
        "most_retry_delay_seconds": _most_retry_delay(),
        "conda_by": os.environ.get("SKAFD_METAFLOW_CONDA"),
        "conda_channels": [one.strip() for one in os.environ.get("CONDA_CHANNELS", "").split(",") if one.strip()],
        "decorators": {name: [_plain(one.attributes) for one in ones] for name, ones in decorators.items()},
    }


def _most_retry_delay():
    text = os.environ.get(MOST_RETRY_DELAY)
    return float(text) if text else None


def _names(graph):
    """In the order in which they run, as far as there is one."""
    return getattr(graph, "sorted_nodes", None) or [node.name for node in graph]


def _of_environment(obj):
    """Names of the decorators that the environment adds to each step by itself."""
    specs = list(obj.environment.decospecs() or ())
    return {spec.split(":")[0] for spec in specs}


def _step(node, graph, added):
    retries = [deco.step_task_retry_count() for deco in node.decorators]
    return {
        "name": node.name,
        "kind": _kind(node),
        "next": list(node.out_funcs),
        "is_repeated": bool(node.is_inside_foreach) or _leads_to(graph, node.name, node.name),
        "line": node.func_lineno,
        "file": getattr(node, "source_file", None),
        "user_retries": [user for user, _ in retries if user is not None],
        "error_retries": [error for _, error in retries if error is not None],
        "decorators": [
            {"name": deco.name, "attributes": _plain(_attributes(deco))}
            for deco in node.decorators
            if deco.statically_defined or deco.name not in added or _attributes(deco)
        ],
        "with": [
            deco.make_decorator_spec()
            for deco in node.decorators
            if not deco.statically_defined
            and getattr(deco, "inserted_by", None) is None
            and deco.name not in added.union(_CALLED_ELSEWHERE)
        ],
        "timeout": sum(deco.secs for deco in node.decorators if deco.name == "timeout"),
        "is_parallel": bool(node.parallel_step),
    }


def _attributes(decorator):
    """Only what the user wrote, where the rest is meant for machines elsewhere or is what there is anyway."""
    names = {"resources": "_user_defined_attributes", "conda": "_attributes_with_user_values"}
    written = getattr(decorator, names.get(decorator.name, ""), decorator.attributes)
    return {name: value for name, value in decorator.attributes.items() if name in written}


def _kind(node):
    """Steps that begin or end the flow go on as any others do."""
    if node.type in ("split", "foreach", "join"):
        return node.type
    if node.type == "split-switch":
        return "switch"
    if node.num_args > 1:
        return "join"
    return "linear"


def _leads_to(graph, first, target):
    seen, waiting = set(), list(graph[first].out_funcs)
    while waiting:
        name = waiting.pop()
        if name == target:
            return True
        if name not in seen:
            seen.add(name)
            waiting.extend(graph[name].out_funcs)
    return False


def _parameter(variable, parameter):
    kind = parameter.kwargs.get("type")
    default = deploy_time_eval(parameter.kwargs.get("default"))
    if default is not None and not isinstance(default, str):
        is_json = kind is JSONType or isinstance(default, (dict, list))
        default = json.dumps(default) if is_json or isinstance(default, bool) else str(default)
    return {
        "name": parameter.name,
        "variable": variable,
        "type": getattr(kind, "name", None) or getattr(kind, "__name__", "str"),
        "default": default,
        "is_required": bool(parameter.kwargs.get("required", False)),
        "help": parameter.kwargs.get("help"),
    }


def _is_config(parameter):
    return getattr(parameter, "IS_CONFIG_PARAMETER", False)


def _options(obj):
    """What the flow's own decorators add to the command line, as it was given now."""
    for decorators in obj.flow._flow_decorators.values():
        for decorator in decorators:
            for name, value in decorator.get_top_level_options():
                option = "--" + name.replace("_", "-")
                for one in value if isinstance(value, (list, tuple)) else [value]:
                    if one is True:
                        yield option
                    elif one not in (None, False):
                        yield "%s=%s" % (option, one)


def _configs(flow):
    try:
        from metaflow.user_configs.config_parameters import dump_config_values
    except ImportError:  # Metaflow before 2.13
        return None
    return _plain(dump_config_values(flow)) or None


def _schedule(decorators):
    for decorator in decorators.get("schedule", []):
        if decorator.schedule:
            return {"cron": decorator.schedule, "timezone": getattr(decorator, "timezone", None)}
    return None


def _events(decorators):
    found = []
    for decorator in decorators.get("trigger", []):
        _evaluate(decorator)
        found += [{"name": one["name"], "parameters": _mapping(one.get("parameters"))} for one in decorator.triggers]
    return found


def _mapping(parameters):
    return dict(parameters) if isinstance(parameters, dict) else {name: name for name in parameters or ()}


def _finished(decorators):
    found = []
    for decorator in decorators.get("trigger_on_finish", []):
        _evaluate(decorator)
        for one in decorator.triggers:
            parts = (
                one.get("project") or current.get("project_name"),
                one.get("branch") or one.get("project_branch") or current.get("branch_name"),
                one.get("fq_name") or one["flow"],
            )
            found.append(".".join(part for part in parts if part))
    return found


def _evaluate(decorator):
    if hasattr(decorator, "format_deploytime_value"):
        decorator.format_deploytime_value()


def _plain(value):
    """What JSON can hold of it; texts stand for the rest."""
    if isinstance(value, dict):
        return {str(key): _plain(one) for key, one in value.items()}
    if isinstance(value, (set, frozenset)):
        # As texts in their order, so that the same flow is described in the same words.
        return sorted(map(str, value))
    if isinstance(value, (list, tuple)):
        return [_plain(one) for one in value]
    return value if isinstance(value, (str, int, float, bool, type(None))) else str(value)
