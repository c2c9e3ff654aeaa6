"""The operators of a DAG of Airflow's, and its decorated functions, as jobs."""

from __future__ import annotations

import ast
from dataclasses import dataclass, field
from typing import Any

from skafd.commands.importing.airflow_python import write_callable
from skafd.commands.importing.airflow_values import Unknown, seconds_of, value_of
from skafd.commands.importing.imported import Imported, unique_name

_EMPTY = {"EmptyOperator", "DummyOperator"}
_JINJA = "holds a template of Airflow's; SKAFD_OCCURRENCE is when the run was due, SKAFD_PARAM_<NAME> its parameters"
_TAKEN = {"task_id", "dag", "bash_command", "python_callable", "op_args", "op_kwargs", "env", "append_env"}
_RULES: dict[str, dict[str, Any]] = {"all_success": {}, "one_success": {"trigger": "any"}, "all_done": {"always": True}}
WITHOUT_EFFECT = {
    "owner",
    "depends_on_past",
    "start_date",
    "end_date",
    "description",
    "tags",
    "doc_md",
    "default_args",
    "dag_id",
}


@dataclass(slots=True)
class Reading:
    """What is known so far. `names` are variables that hold a task, and the job that it became."""

    tree: ast.Module
    found: Imported
    defaults: dict[str, Any] = field(default_factory=dict)
    schedule: dict[str, Any] = field(default_factory=dict)
    names: dict[str, str] = field(default_factory=dict)
    has_dag: bool = False


def take_tasks(reading: Reading) -> None:
    """Adds a job for each operator and each function with `@task`."""
    for node in ast.walk(reading.tree):
        if isinstance(node, ast.Assign) and isinstance(node.value, ast.Call) and _is_task(node.value):
            job = _take_operator(reading, node.value)
            reading.names |= {target.id: job for target in node.targets if isinstance(target, ast.Name)}
        elif isinstance(node, ast.Expr) and isinstance(node.value, ast.Call) and _is_task(node.value):
            _take_operator(reading, node.value)
        elif isinstance(node, ast.FunctionDef) and any(_is_task_decorator(each) for each in node.decorator_list):
            decorated = _new_job(reading, node.name)
            _add_python(reading, node.lineno, decorated, node.name, (), {})
            reading.names[node.name] = decorated["name"]


def _is_task(call: ast.Call) -> bool:
    return any(keyword.arg == "task_id" for keyword in call.keywords)


def _is_task_decorator(node: ast.expr) -> bool:
    call = node if isinstance(node, ast.Call) else ast.Call(node, [], [])
    return called(call) == "task"


def _new_job(reading: Reading, name: str) -> dict[str, Any]:
    return {"name": unique_name(name, (job["name"] for job in reading.found.jobs))}


def _take_operator(reading: Reading, call: ast.Call) -> str:
    found, kind = reading.found, called(call)
    given = reading.defaults | arguments(call, (), reading.tree)
    job = _new_job(reading, str(given["task_id"]))
    for key, value in given.items():
        _take_task_key(reading, job, call.lineno, key, value)
    if kind == "BashOperator" and isinstance(given.get("bash_command"), str):
        command = given["bash_command"]
        if "{{" in command or "{%" in command:
            found.leave_out(call.lineno, f"bash_command of {job['name']}", _JINJA)
        found.add_command(job, command.strip())
    elif kind == "PythonOperator" and isinstance(given.get("python_callable"), Unknown):
        positional, named = given.get("op_args") or (), given.get("op_kwargs") or {}
        _add_python(reading, call.lineno, job, given["python_callable"].text, positional, named)
    else:
        if kind not in _EMPTY:
            found.leave_out(
                call.lineno, f"{kind}(task_id={job['name']!r})", "does nothing yet: write what it is to run"
            )
        found.add_command(job, "true")
    return str(job["name"])


def _add_python(reading: Reading, line: int, job: dict[str, Any], function: str, arguments: Any, named: Any) -> None:
    path = f"{job['name']}.py"
    text = write_callable(reading.tree, function, arguments, named)
    if text is None:
        reading.found.leave_out(line, f"{function}()", f"is not in this file; write {path}")
        text = f"raise SystemExit({f'{function} was not imported: write it here'!r})\n"
    elif "xcom" in text or "context[" in text or "**" in text.split("\n\n")[-1]:
        reading.found.leave_out(
            line, f"{function}()", "asks for Airflow's context; read SKAFD_OCCURRENCE and SKAFD_OUTPUT"
        )
    reading.found.files[path] = text
    reading.found.jobs.append({"name": job["name"], "entrypoint": path, **job})


def _take_task_key(reading: Reading, job: dict[str, Any], line: int, key: str, value: Any) -> None:
    seconds = seconds_of(value)
    match key:
        case "retries" if isinstance(value, int):
            job["retry"] = {"times": value, **job.get("retry", {})} if value else job.pop("retry", None) or {}
        case "retry_delay" if seconds is not None:
            job["retry"] = {**job.get("retry", {}), "delay": f"{seconds:g}s"}
        case "retry_exponential_backoff" if value is True:
            job["retry"] = {**job.get("retry", {}), "backoff": 2}
        case "execution_timeout" if seconds is not None:
            job["timeout"] = f"{seconds:g}s"
        case "pool" if isinstance(value, str):
            job["pool"] = value
            reading.found.settings.setdefault("pools", {}).setdefault(value, 1)
            reading.found.leave_out(
                line, f"pool={value!r}", "its size is in Airflow's database; it is 1 here: see `pools:`"
            )
        case "env" if isinstance(value, dict):
            job["env"] = {name: str(content) for name, content in value.items()}
        case "trigger_rule" if str(value).rpartition(".")[2].lower() in _RULES:
            job |= _RULES[str(value).rpartition(".")[2].lower()]
        case _ if key not in _TAKEN | WITHOUT_EFFECT:
            reading.found.leave_out(line, f"{key}= of {job['name']}", "has no counterpart here")


def called(call: ast.Call) -> str:
    """The last part of the name of what is called."""
    function = call.func
    return function.attr if isinstance(function, ast.Attribute) else getattr(function, "id", "")


def arguments(call: ast.Call, positions: tuple[str, ...], tree: ast.Module) -> dict[str, Any]:
    """What a call is given, by name; `positions` are the names of what comes first."""
    given = dict(zip(positions, (value_of(each, tree) for each in call.args), strict=False))
    return given | {each.arg: value_of(each.value, tree) for each in call.keywords if each.arg}
