"""An environment, and what a way of making one has to say of itself: one file per kind beside this one."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from skafd.environments.build import Build


@dataclass(frozen=True, slots=True)
class Environment:
    """A finished environment on disk. Shared by all deployments with its key; not to be written to."""

    key: str
    path: Path

    @property
    def bin(self) -> Path:
        """What goes to the front of a job's PATH."""
        return self.path / "bin"

    @property
    def python(self) -> Path:
        """The interpreter."""
        return self.bin / "python"


class Recipe(Protocol):
    """How to make one environment."""

    @property
    def kind(self) -> str:
        """A word for people: `uv`, `bare`."""

    @property
    def notes(self) -> tuple[str, ...]:
        """What people should know of how the project's wishes were read."""

    def identity(self) -> tuple[str, ...]:
        """All that decides what the environment will contain; it goes into the key."""

    def make(self, target: Path, build: Build) -> None:
        """Makes the environment in `target`, which does not exist. Raises BuildError, OSError."""
