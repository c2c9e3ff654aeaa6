"""Asks a flow file what it is: by running it once, in the project's own environment, as an attempt is run."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from skafd.errors import DeployError
from skafd.metaflow.compiling import Description
from skafd.model.entrypoint import Script
from skafd.sandbox.cgroup.base import CgroupPlace
from skafd.sandbox.evidence import Evidence, Verdict
from skafd.sandbox.once import run_once
from skafd.sandbox.spec import AttemptSpec, ResourceLimits
from skafd.sandbox.user import User
from skafd.units import format_duration, format_memory

SAID = "skafd-flow.json"
"""In a project that the flow's own command line made: what it said then."""
TIMEOUT_SECONDS = 60.0
_LIMITS = ResourceLimits(memory_bytes=2 * 2**30, pids=512)
_OUTPUT = "flow.json"
_NO_METAFLOW = 86
_ENVIRONMENT_WANTED = "decorator requires --environment="
_LAST_LINES = 15
_IN_TRACEBACK = re.compile(r'^  File "(?P<path>[^"]+)", line (?P<line>\d+)', re.MULTILINE)
_BY_METAFLOW = re.compile(r"in file (?P<path>\S+)? ?on line (?P<line>\d+)|on line (?P<only>\d+)")
_LOOK = f"import importlib.util, sys; sys.exit({_NO_METAFLOW} if importlib.util.find_spec('metaflow') is None else 0)"


@dataclass(frozen=True, slots=True)
class Asking:
    """Where and how a flow file is run."""

    directory: Path
    """A folder called `1` in one of its own; it does not exist yet."""
    python: Path
    snapshot: Path
    links: Mapping[str, str]
    variables: Mapping[str, str]
    place: CgroupPlace
    extension: Path
    """What skafd adds to Metaflow."""
    datastore: Path
    """The folder of the local datastore, made if it is not there."""
    secrets: tuple[str, ...] = ()
    user: User | None = None
    timeout_seconds: float = TIMEOUT_SECONDS


def describe(asking: Asking, script: Script) -> Description:
    """What the flow file says of itself. Raises DeployError with the line if there is one, SandboxError, OSError."""
    found = run_once(_spec(asking, script), asking.place)
    if found.verdict is Verdict.EXITED and found.exit_code and _ENVIRONMENT_WANTED in _said(asking):
        # Who writes @pypi is asked by Metaflow to say so once more.
        asking = replace(asking, directory=asking.directory.with_name("2"))
        found = run_once(_spec(asking, script, "--environment=pypi"), asking.place)
    output = asking.directory / _OUTPUT
    if found.verdict is Verdict.EXITED and found.exit_code == 0:
        text = output.read_text(encoding="utf-8") if output.is_file() else ""
        if not text:
            raise DeployError(f"{script.path} runs no flow", "end it with `if __name__ == '__main__': TheFlow()`")
        description: dict[str, Any] = json.loads(text)
        return description
    raise _refusal(asking, script, found)


def read_description(path: Path) -> Description:
    """What a flow said of itself when its own command line deployed it. Raises DeployError."""
    try:
        description: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise DeployError(f"{path.name} cannot be read: {error}", "`python flow.py skafd create` makes it") from error
    return description


def _said(asking: Asking) -> str:
    return (asking.directory / "log").read_text(encoding="utf-8", errors="replace")


def _spec(asking: Asking, script: Script, *more: str) -> AttemptSpec:
    python, output = str(asking.python), str(asking.directory / _OUTPUT)
    ask = (script.path, "--quiet", "--no-pylint", *script.arguments, *more, "skafd", "describe", f"--output={output}")
    path = ":".join(filter(None, (str(asking.extension), asking.variables.get("PYTHONPATH"))))
    return AttemptSpec(
        name=f"what {script.path} is",
        directory=str(asking.directory),
        commands=((python, "-c", _LOOK), ("mkdir", "-p", str(asking.datastore)), (python, "-u", *ask)),
        environment={**asking.variables, "PYTHONPATH": path},
        cgroup_name=f"flow-{asking.directory.parent.name}",
        snapshot=str(asking.snapshot),
        links=asking.links,
        secrets=asking.secrets,
        limits=_LIMITS,
        timeout_seconds=asking.timeout_seconds,
        user=asking.user,
        writable=(_OUTPUT,),
    )


def _refusal(asking: Asking, script: Script, found: Evidence) -> DeployError:
    match found.verdict:
        case Verdict.EXITED if found.exit_code == _NO_METAFLOW and found.step == 0:
            text = f"{script.path} is a flow, and metaflow is not in the project's environment"
            return DeployError(text, "add a line `metaflow` to requirements.txt")
        case Verdict.EXITED:
            return DeployError(_explain(script.path, _said(asking)), "correct it and save; what is live stays live")
        case Verdict.TIMED_OUT:
            limit = format_duration(asking.timeout_seconds)
            text = f"{script.path} did not say within {limit} what flow it is"
            return DeployError(text, "move what takes long out of the body of the file, into a step")
        case Verdict.OOM_KILLED:
            limit = format_memory(_LIMITS.memory_bytes or 0)
            text = f"{script.path} needs more than {limit} of memory to say what flow it is"
            return DeployError(text, "move what needs it out of the body of the file, into a step")
    return DeployError(f"{script.path} could not be asked what flow it is: {found.reason or found.verdict}")


def _explain(file: str, said: str) -> str:
    lines = [line.rstrip() for line in said.splitlines() if line.strip()]
    place = _line_of(file, said)
    return "\n".join((f"{file}{f':{place}' if place else ''}: the flow cannot be deployed:", *lines[-_LAST_LINES:]))


def _line_of(file: str, said: str) -> str:
    """The last line of the flow's own file that is named."""
    named = [match["line"] for match in _IN_TRACEBACK.finditer(said) if match["path"].endswith(f"/{file}")]
    named += [match["line"] or match["only"] for match in _BY_METAFLOW.finditer(said)]
    return named[-1] if named else ""
