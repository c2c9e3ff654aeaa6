"""From a job's entrypoint to the commands that its supervisor executes."""

from __future__ import annotations

from pathlib import Path

from skafd.environments.programs import Surroundings, as_typed
from skafd.errors import SandboxError
from skafd.model.entrypoint import Command, Language, Module, Notebook, Script, Step, parse_entrypoint
from skafd.model.project import Job


def commands_of(job: Job, python: Path, there: Surroundings) -> tuple[tuple[str, ...], ...]:
    """One command for each step; `python` is the environment's. Raises SandboxError."""
    try:
        steps = parse_entrypoint(job.entrypoint, job.language)
    except ValueError as error:
        raise SandboxError(f"the entrypoint of {job.name} cannot be run: {error}") from error
    return tuple(_argv(step, python, there) for step in steps)


def _argv(step: Step, python: Path, there: Surroundings) -> tuple[str, ...]:
    match step:
        case Script(path=path, arguments=arguments, language=Language.PYTHON):
            return (str(python), path, *arguments)
        case Script(path=path, arguments=arguments, program=program):
            return (program, path, *arguments)
        case Module(name=name, arguments=arguments):
            return (str(python), "-m", name, *arguments)
        case Command(shell=shell):
            return ("/bin/sh" if shell == "sh" else shell, "-c", as_typed(step, there))
        case Notebook(path=path):
            raise SandboxError(f"{path} is a notebook, which this version cannot run", "export it as a script")
