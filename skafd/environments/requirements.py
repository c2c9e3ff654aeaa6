"""Requirements with all that they include, as lines, without what skafd itself provides."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from skafd.environments.dead_lines import mend
from skafd.environments.lines import INCLUDE, is_sdk, local_path, option_of, with_local_path
from skafd.errors import BuildError
from skafd.model.environment import EnvironmentWish

FILE = "requirements.txt"
_COMMENT = re.compile(r"(^|\s)#(?!egg=).*$")
_MOST_FILES = 100


@dataclass(slots=True)
class Requirements:
    """Logical lines, in order."""

    wanted: list[str] = field(default_factory=list)
    constraints: list[str] = field(default_factory=list)
    options: list[tuple[str, str]] = field(default_factory=list)
    """Where packages come from, and other options that stand in the files: name and value."""
    notes: list[str] = field(default_factory=list)
    warnings: list[str] = field(default_factory=list)
    """What was taken for something else than what is written."""
    files: list[Path] = field(default_factory=list)
    """All that were read."""

    @property
    def local_paths(self) -> list[str]:
        """Code and archives on this machine, which lines alone do not identify; relative ones are in the project."""
        links = [value for name, value in self.options if name == "--find-links" and "://" not in value]
        return [path for line in self.wanted if (path := local_path(line))] + links

    @property
    def builds_code(self) -> bool:
        """Whether code of the project itself is built, which writes beside it."""
        return any(local_path(line) for line in self.wanted)


class RequirementsReader:
    """Reads the files of one project. `live` is its folder, which a path that leads out of the project starts from."""

    def __init__(self, source: Path, live: Path, python: tuple[int, ...], stays_inside: bool = False) -> None:
        """`stays_inside`: read no file outside the project, where its owner might not be allowed to."""
        self._stays_inside = stays_inside
        self._source = source
        self._live = live
        self._python = python
        self._found = Requirements()

    def read(self, wish: EnvironmentWish, more: Sequence[str] = (), more_from: str = FILE) -> Requirements:
        """What the wish names, else the project's own file, else nothing; before it `more` lines of another file.

        Raises BuildError for files that cannot be read and for lines that cannot be meant.
        """
        self._take(self._source / more_from, list(enumerate(more, 1)), is_constraint=False, seen=())
        if wish.packages is not None:
            self._take(self._source / FILE, list(enumerate(wish.packages, 1)), is_constraint=False, seen=())
        elif wish.requirements_file is not None or (self._source / FILE).is_file():
            self._read(self._source / (wish.requirements_file or FILE), is_constraint=False, seen=())
        return self._found

    def _read(self, path: Path, is_constraint: bool, seen: tuple[Path, ...]) -> None:
        if path in seen:
            raise BuildError(f"{self._name(path)} includes itself", "remove one of the -r lines")
        if self._stays_inside and not path.resolve().is_relative_to(self._source.resolve()):
            raise BuildError(
                f"{path} is outside the project, and root's skafd reads nothing there for a project of another user",
                "put it into the project's folder",
            )
        if len(self._found.files) >= _MOST_FILES:
            raise BuildError(f"{self._name(path)}: more than {_MOST_FILES} files of requirements include one another")
        lines = _logical_lines(self._text(path, seen))
        self._found.files.append(path)
        self._take(path, lines, is_constraint, seen)

    def _take(self, path: Path, lines: list[tuple[int, str]], is_constraint: bool, seen: tuple[Path, ...]) -> None:
        for number, line in lines:
            include = INCLUDE.match(line)
            if include:
                inner = path.parent / include["path"].strip().strip("'\"")
                is_inner_constraint = is_constraint or (include["short"] or include["long"])[0] == "c"
                self._read(inner, is_inner_constraint, (*seen, path))
            elif option := option_of(line):
                self._found.options.append(self._located(option, path))
            else:
                self._requirement(line, f"{self._name(path)}:{number}", is_constraint)

    def _requirement(self, line: str, place: str, is_constraint: bool) -> None:
        kept = self._found.constraints if is_constraint else self._found.wanted
        if is_sdk(line):
            asked = line.split(" ", maxsplit=1)[0]
            self._found.notes.append(f"{place}: {asked} is provided by skafd and not looked up")
            return
        if local_path(line):
            kept.append(self._out_of_the_snapshot(line))
            return
        mended = mend(line, place, self._python)
        if mended is None:
            kept.append(line)
        elif not is_constraint:
            self._found.warnings.append(mended.note)
            kept.extend([mended.line] if mended.line else [])

    def _out_of_the_snapshot(self, line: str) -> str:
        """A path that leads out of the project is meant from where the project is, not from where its snapshot is."""
        path = (self._source / (local_path(line) or "")).resolve()
        if path.is_relative_to(self._source.resolve()):
            return line
        return with_local_path(line, (self._live / (local_path(line) or "")).resolve())

    def _located(self, option: tuple[str, str], path: Path) -> tuple[str, str]:
        """Folders of packages are relative to the file that names them."""
        name, value = option
        if name != "--find-links" or "://" in value:
            return option
        place = (path.parent / value).resolve()
        inside = place.is_relative_to(self._source.resolve())
        return name, str(place.relative_to(self._source.resolve()) if inside else place)

    def _text(self, path: Path, seen: tuple[Path, ...]) -> str:
        try:
            # utf-8-sig: files saved by Windows editors begin with a mark.
            return path.read_text(encoding="utf-8-sig")
        except (OSError, UnicodeDecodeError) as error:
            reason = error.strerror if isinstance(error, OSError) else "it is not UTF-8"
            included = f", included by {self._name(seen[-1])}," if seen else ""
            raise BuildError(f"{self._name(path)}{included} cannot be read: {reason}") from error

    def _name(self, path: Path) -> str:
        return str(path.relative_to(self._source)) if path.is_relative_to(self._source) else str(path)


def _logical_lines(text: str) -> list[tuple[int, str]]:
    """Lines without comments, with the continued ones joined, each with the number of its first."""
    found: list[tuple[int, str]] = []
    joined, first = "", 1
    for number, line in enumerate([*text.replace("\r\n", "\n").split("\n"), ""], 1):
        first = first if joined else number
        joined += line
        if joined.endswith("\\"):
            joined = f"{joined[:-1]} "
        else:
            found.append((first, _COMMENT.sub("", joined).strip()))
            joined = ""
    return [(number, line) for number, line in found if line]
