"""Parameters that somebody gave for a run, held against those that its jobs declare; and variables."""

from __future__ import annotations

import difflib
from collections.abc import Mapping

from skafd.errors import Refused
from skafd.model.parameters import has_type
from skafd.model.project import Parameter, Project
from skafd.model.text import is_text


def checked_parameters(config: Project, given: Mapping[str, str]) -> tuple[tuple[str, str], ...]:
    """What was given, in order. Raises Refused for a name that no job declares, a value of the wrong type, no text."""
    declared: dict[str, list[Parameter]] = {}
    for job in config.jobs:
        for parameter in job.parameters:
            declared.setdefault(parameter.name, []).append(parameter)
    for name, value in given.items():
        if name not in declared:
            raise Refused(f"no job of {config.name} has a parameter {name}", _advice(name, list(declared)))
        if not is_text(value):
            raise Refused(f"parameter {name} is no text: {value!r:.100}", "give it as UTF-8 without NUL")
        for parameter in declared[name]:
            _check(parameter, value)
    return tuple(given.items())


def check_variable(key: str, value: str) -> None:
    """Raises Refused for what no environment can hold; nothing would start with it."""
    if not key or "=" in key or not is_text(key):
        raise Refused(f"{key!r:.100} is no name of an environment variable", "one has neither `=` nor NUL in it")
    if not is_text(value):
        raise Refused(f"the value of {key} is no text", "give it as UTF-8 without NUL")


def _check(parameter: Parameter, value: str) -> None:
    try:
        if parameter.type == "int":
            int(value)
        elif parameter.type == "float":
            float(value)
    except ValueError:
        raise Refused(f"parameter {parameter.name} is of type {parameter.type}, which {value!r} is not") from None
    if parameter.type == "json" and not has_type("json", value):
        raise Refused(f"parameter {parameter.name} is JSON, which {value!r} is not")
    if parameter.type == "bool" and value.lower() not in ("true", "false"):
        raise Refused(f"parameter {parameter.name} is true or false, which {value!r} is not")


def _advice(name: str, declared: list[str]) -> str:
    close = difflib.get_close_matches(name, declared, 1)
    if close:
        return f"did you mean {close[0]}?"
    if declared:
        return f"declared are: {', '.join(declared)}"
    return "declare it under `params:` of the job that reads it"
