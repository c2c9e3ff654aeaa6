"""`requirements.txt` with all that it includes, as one text, without what skafd itself provides."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from pathlib import Path

from skafd.errors import BuildError
from skafd.model.environment import EnvironmentWish

FILE = "requirements.txt"
SDK = "skafossdk"
_INCLUDE = re.compile(r"(?:-(?P<short>[rc])\s*|--(?P<long>requirement|constraint)[=\s]\s*)(?P<path>\S.*)")
_SDK = re.compile(rf"(?:{SDK}(?![\w.-])|.*[#&]egg={SDK}\b)", re.IGNORECASE)
_COMMENT = re.compile(r"(^|\s)#(?!egg=).*$")
_EDITABLE = r"(?:-e\s*+|--editable[=\s]\s*+)"
_REMOTE = r"(?:\w+\+|https?:)"
_LOCAL = re.compile(
    rf"{_EDITABLE}(?!{_REMOTE})"  # -e lib
    r"|\.{0,2}/|\.$|\.\[|file:"  # ./lib, .[extra], file:///lib
    r"|\S+\s*@\s*file:"  # lib @ file:///lib
    r"|(?!\w+:)[^@]*\.(?:whl|zip|tar\.gz|tar\.bz2)(?:\s|$)",  # wheels/lib-1.0-py3-none-any.whl
    re.IGNORECASE,
)


@dataclass(slots=True)
class Requirements:
    """Logical lines, in order."""

    wanted: list[str] = field(default_factory=list)
    constraints: list[str] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)

    @property
    def options(self) -> list[str]:
        """The lines that say where packages come from, not which: `--index-url ...`."""
        return [line for line in self.wanted if line.startswith("-") and not line.startswith(("-e", "--editable"))]

    @property
    def is_local(self) -> bool:
        """Whether some of it is code of the project itself, which the lines alone do not identify."""
        return any(_LOCAL.match(line) for line in self.wanted)


def read_requirements(project: Path, wish: EnvironmentWish) -> Requirements | None:
    """Reads what the wish names, else the project's file; None when there is none.

    Raises BuildError for files that cannot be read.
    """
    found = Requirements()
    if wish.packages is not None:
        _take(project, project / FILE, list(wish.packages), found, is_constraint=False, seen=())
    elif wish.requirements_file is not None or (project / FILE).is_file():
        _read(project, project / (wish.requirements_file or FILE), found, is_constraint=False, seen=())
    else:
        return None
    return found


def read_lines(project: Path, path: Path, lines: list[str]) -> Requirements:
    """Reads lines that stand in another kind of file, `path`. Raises BuildError for files they include."""
    found = Requirements()
    _take(project, path, lines, found, is_constraint=False, seen=())
    return found


def _read(project: Path, path: Path, found: Requirements, is_constraint: bool, seen: tuple[Path, ...]) -> None:
    if path in seen:
        raise BuildError(f"{_name(project, path)} includes itself", "remove one of the -r lines")
    _take(project, path, _logical_lines(_text(project, path, seen)), found, is_constraint, seen)


def _take(
    project: Path, path: Path, lines: list[str], found: Requirements, is_constraint: bool, seen: tuple[Path, ...]
) -> None:
    for line in lines:
        include = _INCLUDE.match(line)
        if include:
            inner = path.parent / include["path"].strip().strip("'\"")
            is_inner_constraint = is_constraint or (include["short"] or include["long"])[0] == "c"
            _read(project, inner, found, is_inner_constraint, (*seen, path))
        elif _SDK.match(line):
            found.notes.append(f"{_name(project, path)}: {line.split(' ')[0]} is provided by skafd and not looked up")
        else:
            (found.constraints if is_constraint else found.wanted).append(line)


def _logical_lines(text: str) -> list[str]:
    """Lines without comments, with the continued ones joined."""
    joined = re.sub(r"\\\n", " ", text.replace("\r\n", "\n"))
    lines = (_COMMENT.sub("", line).strip() for line in joined.split("\n"))
    return [line for line in lines if line]


def _text(project: Path, path: Path, seen: tuple[Path, ...]) -> str:
    try:
        # utf-8-sig: files saved by Windows editors begin with a mark.
        return path.read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        reason = error.strerror if isinstance(error, OSError) else "it is not UTF-8"
        included = f", included by {_name(project, seen[-1])}," if seen else ""
        raise BuildError(f"{_name(project, path)}{included} cannot be read: {reason}") from error


def _name(project: Path, path: Path) -> str:
    return str(path.relative_to(project)) if path.is_relative_to(project) else str(path)
