"""From a job's entrypoint to the commands that its supervisor executes."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from skafd.environments.notebook.layers import packages_of
from skafd.environments.programs import Surroundings, as_typed
from skafd.errors import BuildError, SandboxError
from skafd.model.entrypoint import Command, Language, Module, Notebook, Script, Step, parse_entrypoint
from skafd.model.project import Job


@dataclass(frozen=True, slots=True)
class Notebooks:
    """What executes the notebooks of a job, and where they are kept."""

    python: Path
    """Of the environment with papermill."""
    program: Path
    kernel: Path | None
    """The environment of the kernel; None where the project has one itself."""
    results: Path

    def command(self, path: str, step: int, python: Path) -> tuple[str, ...]:
        """Executes the notebook at `path`, the step of that number, on the project's `python`. Raises BuildError."""
        layer = str(packages_of(self.kernel)) if self.kernel else ""
        result = str(self.results / f"{step}-{Path(path).name}")
        return (str(self.python), "-I", str(self.program), path, str(python), layer, result)


def commands_of(
    job: Job, python: Path, there: Surroundings, notebooks: Notebooks | None = None
) -> tuple[tuple[str, ...], ...]:
    """One command for each step; `python` is the environment's. Raises SandboxError."""
    try:
        steps = parse_entrypoint(job.entrypoint, job.language)
    except ValueError as error:
        raise SandboxError(f"the entrypoint of {job.name} cannot be run: {error}") from error
    return tuple(_argv(step, number, python, there, notebooks) for number, step in enumerate(steps, 1))


def _argv(step: Step, number: int, python: Path, there: Surroundings, notebooks: Notebooks | None) -> tuple[str, ...]:
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
            return _notebook_command(path, number, python, notebooks)


def _notebook_command(path: str, number: int, python: Path, notebooks: Notebooks | None) -> tuple[str, ...]:
    again = "save the project again to make a new deployment"
    if notebooks is None:
        raise SandboxError(f"{path} was deployed by a version of skafd that did not run notebooks", again)
    try:
        return notebooks.command(path, number, python)
    except BuildError as error:
        raise SandboxError(f"what executes {path} is gone: {error.message}", again) from error
