"""`pyproject.toml` and `uv.lock`: what a project says of itself there."""

from __future__ import annotations

import re
import tomllib
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from skafd.errors import BuildError

FILE = "pyproject.toml"
LOCK = "uv.lock"
_REQUIREMENT = re.compile(r"\s*([A-Za-z0-9][\w.-]*)\s*(?:\[[^\]]*\])?\s*\(?([^;@)]*)")


@dataclass(frozen=True, slots=True)
class PyProject:
    """The part of it that concerns environments. `text` is all of it."""

    text: str
    has_dependencies: bool
    requires_python: str | None
    is_static: bool
    """Its dependencies can be read without running code of it."""
    has_local_sources: bool
    """Some of its dependencies are code on this machine."""
    lock_text: str | None
    """`uv.lock` beside it."""


def read_pyproject(folder: Path) -> PyProject | None:
    """Reads the file; None where there is none. Raises BuildError where it is no TOML."""
    path = folder / FILE
    if not path.is_file():
        return None
    try:
        text = path.read_text(encoding="utf-8")
        found = tomllib.loads(text)
    except (OSError, ValueError) as error:
        raise BuildError(f"{FILE} cannot be read: {error}", "correct it and save it") from error
    project, tool = _table(found, "project"), _table(found, "tool")
    is_dynamic = "dependencies" in project.get("dynamic", ())
    poetry = _table(_table(tool, "poetry"), "dependencies")
    sources = _table(_table(tool, "uv"), "sources").values()
    lock = _read_lock(folder, project, is_dynamic)
    return PyProject(
        text=text,
        has_dependencies=bool(project.get("dependencies")) or is_dynamic or (not project and bool(poetry)),
        requires_python=project.get("requires-python"),
        is_static=not is_dynamic and bool(project),
        has_local_sources=any("path" in one or "workspace" in one for one in sources if isinstance(one, dict)),
        lock_text=lock,
    )


def _read_lock(folder: Path, project: dict[str, Any], is_dynamic: bool) -> str | None:
    path = folder / LOCK
    if not path.is_file():
        return None
    text = path.read_text(encoding="utf-8")
    try:
        locked = _locked(tomllib.loads(text))
    except (ValueError, TypeError, KeyError, AttributeError) as error:
        raise BuildError(f"{LOCK} cannot be read: {error}", "run `uv lock` and save") from error
    matches = (_REQUIREMENT.match(line) for line in project.get("dependencies", ()))
    wanted = dict(_pair(*found.groups()) for found in matches if found)
    fits = wanted.keys() == locked.keys() and all(locked[name] in (None, wanted[name]) for name in wanted)
    if not is_dynamic and not fits:
        raise BuildError(f"{LOCK} does not fit {FILE} any more", "run `uv lock` and save")
    return text


def _locked(lock: dict[str, Any]) -> dict[str, tuple[str, ...] | None]:
    """What the project wanted when it was locked: names with versions, None for what comes from a place of its own."""
    own: dict[str, Any] = next(
        (one for one in lock.get("package", ()) if {"virtual", "editable"} & one.get("source", {}).keys()), {}
    )
    found: dict[str, tuple[str, ...] | None] = {}
    for one in own.get("metadata", {}).get("requires-dist", ()):
        if "extra ==" not in one.get("marker", ""):
            name, versions = _pair(one["name"], one.get("specifier", ""))
            found[name] = None if {"git", "url", "path", "editable", "directory", "virtual"} & one.keys() else versions
    return found


def _pair(name: str, specifier: str) -> tuple[str, tuple[str, ...]]:
    """Name and versions, however they are written."""
    normal = re.sub(r"[-_.]+", "-", name).lower()
    return normal, tuple(sorted("".join(part.split()) for part in specifier.split(",") if part.strip()))


def _table(of: dict[str, Any], name: str) -> dict[str, Any]:
    found = of.get(name, {})
    return found if isinstance(found, dict) else {}
