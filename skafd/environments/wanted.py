"""All that is wanted in one environment: lines of requirements files, `pyproject.toml`, the project's own code."""

from __future__ import annotations

import hashlib
import shutil
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path

from skafd.environments.build import Build
from skafd.environments.pyproject import PyProject
from skafd.environments.requirements import Requirements

OF_FILES = ("--index-url", "--extra-index-url", "--find-links", "--no-index", "--no-binary", "--only-binary")
"""Options that uv and pip both read from a file."""


@dataclass(frozen=True, slots=True)
class Wanted:
    """What is to be resolved."""

    source: Path
    """The snapshot that the files are in."""
    requirements: Requirements
    pyproject: PyProject | None = None
    as_of: str | None = None
    """An ISO date: only packages that had been published by the end of that day."""

    @property
    def code(self) -> str | None:
        """A hash over the project's own code that will be part of the environment; None where none is."""
        paths = self.requirements.local_paths
        if self.pyproject is not None and (self.pyproject.has_local_sources or not self.pyproject.is_static):
            paths = [*paths, "."]
        return _digest_of(self.source / path for path in paths) if paths else None

    @property
    def option_lines(self) -> list[str]:
        """The options that uv and pip both read from a file, as lines; folders by their whole path."""
        return [
            f"{name} {self._value(name, value)}".strip()
            for name, value in self.requirements.options
            if name in OF_FILES
        ]

    def inputs(self) -> tuple[str, ...]:
        """All of it as text."""
        found = self.requirements
        options = (f"{name} {value}" for name, value in found.options)
        project = (self.pyproject.text, self.pyproject.lock_text or "") if self.pyproject else ()
        return (
            *(*found.wanted, "constraints", *found.constraints, "options", *options, "project", *project),
            self.code or "",
            self.as_of or "",
        )

    def beside_the_code(self, copy: Path, build: Build) -> Build:
        """The same build in the snapshot; where code of it is built, which writes beside it, in a copy that stays."""
        is_static = self.pyproject is None or (self.pyproject.is_static and not self.pyproject.has_local_sources)
        if is_static and not self.requirements.builds_code:
            return replace(build, folder=self.source)
        shutil.copytree(self.source, copy, symlinks=True)
        for path in copy.rglob("*"):
            if path.is_file() and not path.is_symlink():
                path.chmod(path.stat().st_mode | 0o200)
        return replace(build, folder=copy)

    def _value(self, name: str, value: str) -> str:
        return str(self.source / value) if name == "--find-links" and "://" not in value else value


def lines_of(text: str) -> tuple[str, ...]:
    """The requirement lines of a file that a tool wrote, each on one line and without comments."""
    joined = (line.split(" #")[0].strip() for line in text.replace("\\\n", " ").splitlines())
    return tuple(" ".join(line.split()) for line in joined if line and not line.startswith("#"))


def text_of(lines: Iterable[str]) -> str:
    """A file of these lines."""
    return "".join(f"{line}\n" for line in lines)


def _digest_of(paths: Iterable[Path]) -> str:
    total = hashlib.sha256()
    for path in paths:
        for file in _files(path):
            total.update(f"{file.relative_to(path)}\0".encode(errors="surrogateescape"))
            total.update(hashlib.sha256(file.read_bytes()).digest())
    return total.hexdigest()


def _files(path: Path) -> Iterator[Path]:
    if path.is_file():
        yield path
    for file in sorted(path.rglob("*")):
        if file.is_file() and "__pycache__" not in file.parts and ".git" not in file.parts:
            yield file
