"""A virtual environment with the packages of `requirements.txt`, by uv."""

from __future__ import annotations

import shutil
from dataclasses import dataclass
from pathlib import Path

from skafd.environments.bare import make_virtual_environment
from skafd.environments.build import Build
from skafd.environments.interpreter import Interpreter
from skafd.environments.requirements import SDK, Requirements
from skafd.environments.tool import find_uv

# No requirement of this name, at whatever depth, is looked up on an index, where anybody might offer one.
_OVERRIDES = f"{SDK} ; python_version < '0'\n"


@dataclass(frozen=True, slots=True)
class UvRecipe:
    """The interpreter and the requirements; the snapshot too where they mean code in it."""

    interpreter: Interpreter
    requirements: Requirements
    snapshot_folder: Path
    kind: str = "uv"

    @property
    def notes(self) -> tuple[str, ...]:
        """On requirements that were understood otherwise than written."""
        return tuple(self.requirements.notes)

    def identity(self) -> tuple[str, ...]:
        """The interpreter and every line."""
        local = (self.snapshot_folder.name,) if self.requirements.is_local else ()
        lines = (*self.requirements.wanted, "constraints", *self.requirements.constraints)
        return (*self.interpreter.identity(), *local, *lines)

    def make(self, target: Path, build: Build) -> None:
        """Makes the virtual environment and installs into it. Raises BuildError, OSError."""
        make_virtual_environment(self.interpreter, target, build)
        notes = target / "skafd"
        notes.mkdir()
        options = ["--python", str(target / "bin" / "python")]
        for option, text in (
            ("--requirements", "".join(f"{line}\n" for line in self.requirements.wanted)),
            ("--constraints", "".join(f"{line}\n" for line in self.requirements.constraints)),
            ("--overrides", _OVERRIDES),
        ):
            if not text:
                continue
            file = notes / f"{option.strip('-')}.txt"
            file.write_text(text, encoding="utf-8")
            options += [option, str(file)]
        build_there = self._beside_a_copy(notes / "source", build) if self.requirements.is_local else build
        build_there.run([find_uv(), "pip", "install", *options])

    def _beside_a_copy(self, copy: Path, build: Build) -> Build:
        """The same build in a copy of the snapshot: building local code writes beside it, `-e` refers to it later."""
        shutil.copytree(self.snapshot_folder, copy, symlinks=True)
        for path in copy.rglob("*"):
            if path.is_file() and not path.is_symlink():
                path.chmod(path.stat().st_mode | 0o200)
        return Build(copy, build.variables, build.progress, build.cancelled, build.timeout_seconds)
