"""A virtual environment with the packages that requirements lead to, by uv."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from skafd.environments.bare import make_virtual_environment
from skafd.environments.build import Build
from skafd.environments.interpreter import Interpreter
from skafd.environments.requirements import SDK, Requirements
from skafd.environments.source import beside_the_code
from skafd.environments.tool import find_uv
from skafd.model.environment import EnvironmentKind, Lock

# No requirement of this name, at whatever depth, is looked up on an index, where anybody might offer one.
_OVERRIDES = f"{SDK} ; python_version < '0'\n"
_RESOLVED = "resolved.txt"


@dataclass(frozen=True, slots=True)
class UvRecipe:
    """The interpreter and the requirements; the snapshot too where they mean code in it."""

    interpreter: Interpreter
    requirements: Requirements
    snapshot_folder: Path
    kind: EnvironmentKind = EnvironmentKind.UV

    @property
    def notes(self) -> tuple[str, ...]:
        """On requirements that were understood otherwise than written."""
        return tuple(self.requirements.notes)

    @property
    def _source(self) -> str | None:
        return self.snapshot_folder.name if self.requirements.is_local else None

    def inputs(self) -> tuple[str, ...]:
        """Every line, and the project's own code where it is installed."""
        return (self._source or "", *self.requirements.wanted, "constraints", *self.requirements.constraints)

    def resolve(self, build: Build) -> Lock:
        """Asks uv which version of what. Raises BuildError, OSError."""
        resolved = build.folder / _RESOLVED
        options = ["--python", str(self.interpreter.path), "--no-header", "--no-annotate", "--generate-hashes"]
        for option, text in (("--constraints", _text(self.requirements.constraints)), ("--overrides", _OVERRIDES)):
            file = build.folder / f"{option.strip('-')}.txt"
            file.write_text(text, encoding="utf-8")
            options += [option, str(file)]
        wanted = build.folder / "requirements.txt"
        wanted.write_text(_text(self.requirements.wanted), encoding="utf-8")
        there = beside_the_code(self.requirements, self.snapshot_folder, build.folder / "source", build)
        there.run([find_uv(), "pip", "compile", "--quiet", *options, "--output-file", str(resolved), str(wanted)])
        return self.interpreter.lock(self.kind, _locked_lines(resolved.read_text(encoding="utf-8")), self._source)

    def make(self, lock: Lock, target: Path, build: Build) -> None:
        """Makes the virtual environment and installs what is locked. Raises BuildError, OSError."""
        make_virtual_environment(self.interpreter, target, build)
        notes = target / "skafd"
        notes.mkdir()
        file = notes / "requirements.txt"
        file.write_text(_text((*self.requirements.options, *lock.packages)), encoding="utf-8")
        options = ["--python", str(target / "bin" / "python"), "--no-deps", "--requirements", str(file)]
        there = beside_the_code(self.requirements, self.snapshot_folder, notes / "source", build)
        there.run([find_uv(), "pip", "install", *options])


def _text(lines: tuple[str, ...] | list[str]) -> str:
    return "".join(f"{line}\n" for line in lines)


def _locked_lines(text: str) -> tuple[str, ...]:
    joined = text.replace("\\\n", " ")
    return tuple(" ".join(line.split()) for line in joined.splitlines() if line.strip())
