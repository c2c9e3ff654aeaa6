"""What is asked for, what is made of it, and what a way of making has to say of itself: one file per kind."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol

from skafd.environments.build import Build
from skafd.environments.builder import Builder
from skafd.environments.interpreter import Interpreter
from skafd.model.environment import EnvironmentKind, EnvironmentWish, Lock


@dataclass(frozen=True, slots=True)
class Asked:
    """Who asks for an environment, and what it is to be."""

    folder: Path
    """The project, for progress; its history says when the requirements were last touched."""
    source: Path
    """Where the files that the wish names are: a snapshot, whose own name changes with its content."""
    wish: EnvironmentWish = EnvironmentWish()
    variables: tuple[tuple[str, str], ...] = ()
    """Of the project: those for uv and pip count."""
    owner: Builder | None = None
    """Whose the project is, where its code is not to have skafd's rights."""
    as_owner: bool = False
    """Make it in the owner's name."""
    is_fresh: bool = False
    """Resolve anew, whatever was resolved for the same wish before."""


@dataclass(frozen=True, slots=True)
class Environment:
    """A finished environment on disk. Shared by all deployments with its key; not to be written to."""

    key: str
    path: Path
    lock: Lock | None
    """What is in it; None where a version of skafd made it that did not write that down."""
    warnings: tuple[str, ...] = field(default=(), compare=False)
    """On what was asked for and how it was understood."""

    @property
    def bin(self) -> Path:
        """What goes to the front of a job's PATH."""
        return self.path / "bin"

    @property
    def python(self) -> Path:
        """The interpreter."""
        return self.bin / "python"


class Recipe(Protocol):
    """How to make one environment: resolve first, then make it from what was resolved, now or years later."""

    @property
    def kind(self) -> EnvironmentKind:
        """Which of them."""

    @property
    def interpreter(self) -> Interpreter:
        """What it stands on."""

    @property
    def notes(self) -> tuple[str, ...]:
        """What is said of how the project's wishes were read, when they are resolved."""

    @property
    def warnings(self) -> tuple[str, ...]:
        """What people should mend, as long as it is so."""

    @property
    def runs_code(self) -> bool:
        """Whether it is known beforehand that code of the project or of packages runs while it is made."""

    def on(self, interpreter: Interpreter) -> Recipe:
        """The same on another Python; nothing changes where Python is one of the packages."""

    def inputs(self) -> tuple[str, ...]:
        """All that decides what is resolved: equal inputs are resolved once."""

    def resolve(self, build: Build) -> Lock:
        """What the environment will contain, down to each version; a scratch folder is `build.folder`.

        Raises BuildError, OSError.
        """

    def make(self, lock: Lock, target: Path, build: Build) -> None:
        """Makes the environment in `target`, which does not exist. Raises BuildError, OSError."""
