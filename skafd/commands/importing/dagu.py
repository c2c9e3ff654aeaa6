"""A DAG file of Dagu's as a project: each step a job.

Keys are read in both of their spellings: `snake_case`, and the `camelCase` of older files.
"""

from __future__ import annotations

import re
import shlex
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from ruamel.yaml import YAML
from ruamel.yaml.comments import CommentedMap
from ruamel.yaml.error import YAMLError

from skafd.commands.importing.dagu_steps import pairs, snake, take_handlers, take_steps
from skafd.commands.importing.imported import Imported
from skafd.errors import Refused, ScheduleError
from skafd.schedule import parse

_WITHOUT_EFFECT = {
    "description",
    "group",
    "labels",
    "tags",
    "type",
    "name",
    "steps",
    "handler_on",
    "hist_retention_days",
    "id",
}
_ZONE = re.compile(r"^(?:CRON_)?TZ=(\S+)\s+(.*)$")

Take = Callable[[Imported, int, Any], None]


def read_dagu(text: str, name: str) -> Imported:
    """Reads one DAG. Raises Refused if the file is none."""
    try:
        root = YAML(typ="rt").load(text)
    except YAMLError as error:
        raise Refused(f"this is not YAML: {error}", "name a DAG file of Dagu's") from None
    if not isinstance(root, CommentedMap) or "steps" not in root:
        raise Refused("this is no DAG of Dagu's: it has no `steps:`", "a DAG file has `steps:` at its top")
    found = Imported(str(root.get("name") or name))
    for key, line, value in _entries(root):
        if take := _OF_THE_DAG.get(key):
            take(found, line, value)
        elif key not in _WITHOUT_EFFECT:
            found.leave_out(line, f"{key}:", "has no counterpart here")
    take_steps(found, root)
    for key, line, value in _entries(root):
        if key == "handler_on":
            take_handlers(found, line, value)
    _schedule_roots(found)
    return found


def _entries(mapping: CommentedMap) -> Iterator[tuple[str, int, Any]]:
    for key, value in mapping.items():
        yield snake(str(key)), mapping.lc.key(key)[0] + 1, value


def _take_schedule(found: Imported, line: int, value: Any) -> None:
    if isinstance(value, Mapping):
        for other in value.keys() - {"start"}:
            found.leave_out(line, f"schedule: {other}:", "runs end by `timeout:`, not by a schedule")
        value = value.get("start", [])
    written = value if isinstance(value, list) else [value]
    schedules = []
    for each in written:
        expression = each.get("expression") if isinstance(each, Mapping) else str(each)
        zone, _, plain = _zone_of(str(expression))
        try:
            parse(plain, zone or "UTC")
        except ScheduleError as error:
            found.leave_out(line, f"schedule: {each}", error.message)
            continue
        schedules.append({"cron": plain, "timezone": zone} if zone else plain)
    if schedules:
        found.settings["schedule"] = schedules[0] if len(schedules) == 1 else schedules


def _zone_of(expression: str) -> tuple[str | None, str, str]:
    match = _ZONE.match(expression)
    return (match[1], " ", match[2]) if match else (None, "", expression)


def _take_environment(found: Imported, line: int, value: Any) -> None:
    for name, content in pairs(value):
        if "`" in content or "$" in content:
            found.leave_out(line, f"env: {name}", "is computed there; here it is taken as it is written")
        found.settings.setdefault("env", {})[name] = content


def _take_parameters(found: Imported, line: int, value: Any) -> None:
    if isinstance(value, str):
        value = shlex.split(value)
    parameters = {}
    for position, (name, content) in enumerate(pairs(value), start=1):
        if not name:
            found.leave_out(
                line, f"params: {content}", f"has no name; it is `p{position}` here, and ${position} in commands"
            )
        parameters[name or f"p{position}"] = {"type": "string", "default": content}
    found.settings["params"] = parameters


def _take_timeout(found: Imported, _line: int, value: Any) -> None:
    found.settings["timeout"] = f"{value}s"


_OF_THE_DAG: dict[str, Take] = {
    "schedule": _take_schedule,
    "env": _take_environment,
    "params": _take_parameters,
    "timeout_sec": _take_timeout,
}


def _schedule_roots(found: Imported) -> None:
    """A DAG's schedule is that of the jobs at which its runs begin; its parameters are those of all jobs."""
    schedule, parameters = found.settings.pop("schedule", None), found.settings.pop("params", None)
    found.give_roots({"schedule": schedule} if schedule else {"on_deploy": "wait"})
    for job in found.jobs if parameters else ():
        job["params"] = parameters
