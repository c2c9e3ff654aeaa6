"""The steps of a DAG of Dagu's as jobs."""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator, Mapping
from pathlib import PurePath
from typing import Any

from ruamel.yaml.comments import CommentedMap

from skafd.commands.importing.imported import Imported, unique_name

_ONE_LANGUAGE = {"python": "py", "python3": "py", "bash": "sh", "sh": "sh"}


def take_steps(found: Imported, root: CommentedMap) -> None:
    """Adds a job for each step; the settings, parameters among them, are there already."""
    steps = root["steps"]
    named = [(name, step) for name, step in steps.items()] if isinstance(steps, Mapping) else [(None, s) for s in steps]
    is_graph = root.get("type") == "graph" or any(
        isinstance(step, Mapping) and step.get("depends") for _, step in named
    )
    before: list[str] = []
    for position, (name, step) in enumerate(named):
        line = _line_of(steps, name if name is not None else position)
        plain = {"command": step} if isinstance(step, str) else dict(step)
        plain.setdefault("name", name or plain.get("id") or f"step-{position + 1}")
        depends = plain.pop("depends", None)
        wanted = [] if is_graph else before
        if depends is not None:
            wanted = [str(each) for each in (depends if isinstance(depends, list) else [depends])]
        before = [_take_step(found, plain, line, wanted)]


def take_handlers(found: Imported, line: int, value: Any) -> None:
    """Adds what runs at the end of each run."""
    for event, handler in value.items():
        if event == "exit":
            _take_step(found, {"name": "on-exit", **handler}, line, [])
            found.jobs[-1]["always"] = True
        else:
            found.leave_out(line, f"handlers: {event}:", "write a job with `always: true` and `when:`, or `notify:`")


def pairs(value: Any) -> Iterator[tuple[str, str]]:
    """Names and values, however they are written: a mapping, a list of mappings, or `NAME=value`."""
    for each in value if isinstance(value, list) else [value]:
        if isinstance(each, Mapping):
            yield from ((str(name), str(content)) for name, content in each.items())
        else:
            name, sign, content = str(each).partition("=")
            yield (name, content.strip("\"'")) if sign else ("", name)


def snake(key: str) -> str:
    """A key in the present spelling."""
    return re.sub(r"(?<=[a-z])([A-Z])", lambda match: f"_{match[1].lower()}", key)


def _line_of(steps: Any, key: Any) -> int:
    place = steps.lc.key(key) if isinstance(key, str) else steps.lc.item(key)
    return int(place[0]) + 1


def _take_step(found: Imported, step: dict[str, Any], line: int, dependencies: list[str]) -> str:
    name = unique_name(str(step["name"]), (job["name"] for job in found.jobs))
    job: dict[str, Any] = {"name": name} | ({"dependencies": dependencies} if dependencies else {})
    command = _command_of(found, step, name)
    for key, value in step.items():
        _take_key(found, job, line, snake(key), value)
    if command is None:
        found.leave_out(line, f"step {name}", "has neither `command:` nor `script:`; it does nothing here")
    found.add_command(job, _with_parameters(found, command or "true"))
    return name


def _with_parameters(found: Imported, command: str) -> str:
    """The command, with the parameters under the names that Dagu gives them: `$NAME`, and `$1` by their order."""
    names = list(found.settings.get("params", ()))
    used = [name for name in names if re.search(rf"\$\{{?{re.escape(name)}\b", command)]
    exports = [f'export {name}="$SKAFD_PARAM_{name.upper()}"' for name in used]
    if re.search(r"\$\{?[1-9]", command):
        exports.append("set -- " + " ".join(f'"$SKAFD_PARAM_{name.upper()}"' for name in names))
    return "\n".join([*exports, command]) if exports else command


def _command_of(found: Imported, step: dict[str, Any], name: str) -> str | None:
    """What the step runs; a script becomes a file of the project."""
    command = step.pop("command", None) or step.pop("run", None)
    if isinstance(command, list):
        command = "\n".join(str(each) for each in command)
    script = step.pop("script", None)
    if script is None:
        return None if command is None else str(command)
    program = str(command or step.pop("shell", None) or "sh")
    path = f"{name}.{_ONE_LANGUAGE.get(PurePath(shlex.split(program)[0]).name, 'txt')}"
    found.files[path] = str(script).rstrip() + "\n"
    return f"{program} {shlex.quote(path)}"


def _take_key(found: Imported, job: dict[str, Any], line: int, key: str, value: Any) -> None:
    match key:
        case "name" | "description" | "id":
            return
        case "retry_policy":
            job["retry"] = {
                "times": int(value.get("limit", 1)),
                "delay": f"{value.get('interval_sec', value.get('intervalSec', 0))}s",
            }
        case "continue_on" if value == "failed" or (
            isinstance(value, Mapping) and value.get("failure", value.get("failed"))
        ):
            job["catch"] = True
        case "timeout_sec":
            job["timeout"] = f"{value}s"
        case "env":
            job["env"] = dict(pairs(value))
        case "dir" | "working_dir":
            found.leave_out(
                line, f"{key}: {value}", f"{job['name']} starts in its copy of the project; write `cd {value} && ...`"
            )
        case _:
            found.leave_out(line, f"{key}:", f"has no counterpart in {job['name']}")
