"""A virtual environment with nothing in it but Python: for projects without requirements."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from skafd.environments.build import Build
from skafd.environments.interpreter import Interpreter
from skafd.environments.tool import find_uv


@dataclass(frozen=True, slots=True)
class BareRecipe:
    """Only the interpreter."""

    interpreter: Interpreter
    kind: str = "bare"
    notes: tuple[str, ...] = ()

    def identity(self) -> tuple[str, ...]:
        """The interpreter."""
        return self.interpreter.identity()

    def make(self, target: Path, build: Build) -> None:
        """Makes the virtual environment. Raises BuildError."""
        make_virtual_environment(self.interpreter, target, build)


def make_virtual_environment(interpreter: Interpreter, target: Path, build: Build) -> None:
    """Makes an empty virtual environment on the interpreter. Raises BuildError."""
    options = ["--no-project", "--quiet", "--python", str(interpreter.path)]
    build.run([find_uv(), "venv", *options, str(target)])
