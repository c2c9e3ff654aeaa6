"""A virtual environment with nothing in it but Python: for projects without requirements."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path

from skafd.environments.build import Build, BuildCancelled
from skafd.environments.interpreter import Interpreter
from skafd.environments.tool import find_uv
from skafd.errors import BuildError
from skafd.model.environment import EnvironmentKind, Lock


@dataclass(frozen=True, slots=True)
class BareRecipe:
    """Only the interpreter."""

    interpreter: Interpreter
    notes: tuple[str, ...] = ()
    warnings: tuple[str, ...] = ()
    kind: EnvironmentKind = EnvironmentKind.BARE

    @property
    def runs_code(self) -> bool:
        """Nothing of anybody's."""
        return False

    def on(self, interpreter: Interpreter) -> BareRecipe:
        """The same on another Python."""
        return replace(self, interpreter=interpreter)

    def inputs(self) -> tuple[str, ...]:
        """Nothing beside the interpreter."""
        return ()

    def resolve(self, build: Build) -> Lock:  # noqa: ARG002 there is nothing to look up
        """The interpreter alone."""
        return self.interpreter.lock(self.kind)

    def make(self, lock: Lock, target: Path, build: Build) -> None:  # noqa: ARG002 it holds no packages
        """Makes the virtual environment. Raises BuildError."""
        make_virtual_environment(self.interpreter, target, build)


def make_virtual_environment(interpreter: Interpreter, target: Path, build: Build, *options: str) -> None:
    """Makes a virtual environment on the interpreter, empty but for what the options say. Raises BuildError."""
    general = ["--no-project", "--quiet", "--python", str(interpreter.path)]
    build.run([find_uv(), "venv", *general, *options, str(target)])


def make_environment_with_pip(interpreter: Interpreter, target: Path, build: Build) -> None:
    """Makes a virtual environment with the newest pip that fits, else with Python's own. Raises BuildError."""
    try:
        make_virtual_environment(interpreter, target, build, "--seed")
    except BuildCancelled:
        raise
    except BuildError:
        build.run([str(interpreter.path), "-m", "venv", "--clear", str(target)])
