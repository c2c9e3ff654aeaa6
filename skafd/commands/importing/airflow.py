"""A DAG file of Airflow's as a project: each operator a job. The file is read, never run."""

from __future__ import annotations

import ast
from typing import Any

from skafd.commands.importing.airflow_graph import edges_of
from skafd.commands.importing.airflow_tasks import WITHOUT_EFFECT, Reading, arguments, called, take_tasks
from skafd.commands.importing.airflow_values import seconds_of
from skafd.commands.importing.imported import Imported
from skafd.errors import Refused, ScheduleError
from skafd.schedule import parse


def read_airflow(text: str, name: str) -> Imported:
    """Reads the DAG of a file. Raises Refused if there is none, or more than one."""
    try:
        tree = ast.parse(text)
    except SyntaxError as error:
        raise Refused(f"line {error.lineno}: this is not Python: {error.msg}", "name a DAG file of Airflow's") from None
    reading = Reading(tree, Imported(name))
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and called(node) == "DAG":
            _take_dag(reading, node)
        elif isinstance(node, ast.FunctionDef):
            _take_decorated_dag(reading, node)
    if not reading.has_dag:
        raise Refused("there is no DAG in this file", "a DAG file has `DAG(...)` or a function with `@dag`")
    take_tasks(reading)
    for before, after in edges_of(tree, reading.names, reading.found):
        _depend(reading.found, before, after)
    reading.found.give_roots(reading.schedule or {"on_deploy": "wait"})
    return reading.found


def _take_decorated_dag(reading: Reading, function: ast.FunctionDef) -> None:
    for decorator in function.decorator_list:
        call = decorator if isinstance(decorator, ast.Call) else ast.Call(decorator, [], [])
        if called(call) == "dag":
            reading.found.name = function.name
            _take_dag(reading, ast.copy_location(call, decorator))


def _take_dag(reading: Reading, call: ast.Call) -> None:
    if reading.has_dag:
        reading.found.leave_out(
            call.lineno, "a second DAG", "its tasks are in the same project; give it a file of its own"
        )
        return
    reading.has_dag = True
    given = arguments(call, ("dag_id", "description", "schedule"), reading.tree)
    reading.found.name = str(given.get("dag_id") or reading.found.name)
    defaults = given.get("default_args")
    reading.defaults = defaults if isinstance(defaults, dict) else {}
    zone = getattr(given.get("start_date"), "zone", None)
    if zone:
        reading.found.settings["timezone"] = zone
    for key, value in given.items():
        _take_dag_key(reading, call.lineno, key, value)


def _take_dag_key(reading: Reading, line: int, key: str, value: Any) -> None:
    if key in ("schedule", "schedule_interval", "timetable"):
        _take_schedule(reading, line, value)
    elif key == "catchup":
        if value is True:
            reading.schedule["catch_up"] = "all"
    elif key == "max_active_runs" and value == 1:
        return
    elif key == "dagrun_timeout" and (seconds := seconds_of(value)) is not None:
        reading.found.settings["timeout"] = f"{seconds:g}s"
    elif key not in WITHOUT_EFFECT:
        reading.found.leave_out(line, f"{key}=", "of the DAG has no counterpart here")


def _take_schedule(reading: Reading, line: int, value: Any) -> None:
    seconds = seconds_of(value)
    expression = f"every {seconds:g} seconds" if seconds is not None else str(value)
    if expression == "@once":
        reading.schedule["on_deploy"] = "run"
    if expression in ("@once", "None"):
        return
    try:
        parse(expression, reading.found.settings.get("timezone", "UTC"))
    except ScheduleError as error:
        reading.found.leave_out(line, f"schedule={expression}", f"{error.message}; write `on:` for what is no time")
        return
    reading.schedule["schedule"] = expression
    reading.found.leave_out(
        line,
        f"schedule={expression}",
        "a run is for the instant at which it starts, not for the interval that ends then",
    )


def _depend(found: Imported, before: str, after: str) -> None:
    job = next(job for job in found.jobs if job["name"] == after)
    known = job.setdefault("dependencies", [])
    if before not in known:
        known.append(before)
