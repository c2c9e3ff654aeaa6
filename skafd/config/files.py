"""Whether the files that a config names are there."""

from __future__ import annotations

import os
from collections.abc import Iterable
from pathlib import Path

from skafd.config.jobs import Draft
from skafd.config.nodes import quote
from skafd.config.problems import Code, Problems
from skafd.config.suggest import closest
from skafd.model.entrypoint import SCRIPT_ENDINGS, Module, Notebook, Script


def check_files(drafts: Iterable[Draft], folder: Path, problems: Problems) -> None:
    """Notes each script and notebook that is not in the folder, and each module of it that is not there."""
    for draft in drafts:
        for step in draft.steps:
            match step:
                case Script(path=path) | Notebook(path=path):
                    _check(path, draft, folder, problems)
                case Module(name=name):
                    _check_module(name, draft, folder, problems)


def _check_module(name: str, draft: Draft, folder: Path, problems: Problems) -> None:
    """A package of the project must have it; any other may be among the requirements."""
    path = Path(*name.split("."))
    top = path.parts[0]
    is_ours = (folder / top).is_dir() or _is_file(folder / f"{top}.py")
    if is_ours and not any(_is_file(folder / file) for file in (f"{path}.py", path / "__main__.py")):
        message = f"there is no module {quote(name)} that can be run in the project"
        hint = f"create {path}.py, or {path}/__main__.py where {path} is a package"
        problems.error(Code.MISSING_FILE, draft.entrypoint_node, message, hint)


def _check(path: str, draft: Draft, folder: Path, problems: Problems) -> None:
    if Path(path).is_absolute() or Path(os.path.normpath(path)).parts[:1] == ("..",):
        message = f"{quote(path)} is outside the project's folder"
        problems.error(
            Code.ENTRYPOINT, draft.entrypoint_node, message, "move it into the folder, or run it as a command"
        )
    elif not _is_file(folder / path):
        message = f"there is no file {quote(path)} in the project"
        hint = _nearest(path, folder) or "create it, or write `entrypoint:` with the file that is meant"
        problems.error(Code.MISSING_FILE, draft.entrypoint_node, message, hint)


def _is_file(path: Path) -> bool:
    try:
        return path.is_file()
    except OSError:  # a name too long for a file system names no file
        return False


def _nearest(path: str, folder: Path) -> str | None:
    parent = (folder / path).parent
    try:
        names = [entry.name for entry in os.scandir(parent) if entry.name.endswith(SCRIPT_ENDINGS)]
    except OSError:  # a folder that is not there has no near names
        return None
    near = closest(Path(path).name, names)
    return f"did you mean `{(Path(path).parent / near).as_posix()}`?" if near else None
