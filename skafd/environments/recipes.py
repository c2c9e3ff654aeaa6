"""Which kind of environment is asked for."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

from skafd.environments.bare import BareRecipe
from skafd.environments.base import Asked, Recipe
from skafd.environments.builder import belongs_to_us, python_for
from skafd.environments.conda.file import USUAL_CHANNEL, CondaFile, read_conda_file
from skafd.environments.conda.recipe import CondaRecipe, check_rattler
from skafd.environments.day import day_of
from skafd.environments.interpreter import Interpreter, Interpreters, own_interpreter
from skafd.environments.older_python import older_python
from skafd.environments.pyproject import FILE, LOCK, PyProject, read_pyproject
from skafd.environments.requirements import Requirements, RequirementsReader
from skafd.environments.uv import UvRecipe
from skafd.environments.wanted import Wanted
from skafd.errors import BuildError
from skafd.model.environment import EnvironmentKind, Lock

PIN = ".python-version"
_VERSION = re.compile(r"(?:(?:cpython|pypy)@?)?[\d.<>=!~*, ]+t?")
_CONDA_FILES = ("environment.yml", "environment.yaml")
_ANY_PYTHON = (3,)
"""Which Python conda takes is not known before."""


def recipe_for(asked: Asked, interpreters: Interpreters, variables: Mapping[str, str]) -> Recipe:
    """Reads what is asked for. Raises BuildError when that cannot be made sense of."""
    if asked.wish.conda_packages is not None:
        check_rattler()
        channels = asked.wish.conda_channels or (USUAL_CHANNEL,)
        return _conda_recipe(asked, CondaFile(list(channels), list(asked.wish.conda_packages)), "")
    conda_file = asked.wish.conda_file or _usual_conda_file(asked)
    if conda_file is not None:
        check_rattler()
        return _conda_recipe(asked, read_conda_file(asked.source, conda_file), conda_file)
    pyproject = read_pyproject(asked.source) if not asked.wish.names_packages else None
    interpreter = _interpreter(asked, pyproject, interpreters, variables)
    found = RequirementsReader(asked.source, asked.folder, interpreter.numbers, asked.owner is not None).read(
        asked.wish
    )
    counts = pyproject if pyproject is not None and pyproject.has_dependencies else None
    if not found.wanted and counts is None:
        return BareRecipe(interpreter, tuple(found.notes), tuple(found.warnings))
    as_of = _day(asked, found, [FILE, LOCK] if counts else [])
    wanted = Wanted(asked.source, found, counts, as_of)
    recipe = UvRecipe(interpreter, wanted, tuple(found.notes), tuple(found.warnings))
    is_named = asked.wish.python or _pinned(asked) or (pyproject and pyproject.requires_python)
    if is_named:
        return recipe
    return replace(recipe, find_older=lambda wanted, ours, settings: older_python(wanted, ours, interpreters, settings))


def fitted(recipe: Recipe, lock: Lock, interpreters: Interpreters, variables: Mapping[str, str]) -> Recipe:
    """On the Python of the lock, which may not be the one that would be taken today. Raises BuildError."""
    if recipe.kind is EnvironmentKind.CONDA or lock.python == recipe.interpreter.version:
        return recipe
    return recipe.on(interpreters.of_lock(lock, variables))


def _day(asked: Asked, found: Requirements, more_files: list[str]) -> str | None:
    """The day whose packages count, for what stands in these files."""
    names = [str(path.relative_to(asked.source)) for path in found.files] + more_files
    there = [name for name in names if (asked.folder / name).exists()]
    return day_of(asked.wish.resolve_as_of, asked.folder, there)


def _usual_conda_file(asked: Asked) -> str | None:
    if asked.wish.names_packages:
        return None
    return next((name for name in _CONDA_FILES if (asked.source / name).is_file()), None)


def _conda_recipe(asked: Asked, file: CondaFile, name: str) -> CondaRecipe:
    """Of the file, with what `pip:` in it and the requirements of the project add."""
    reader = RequirementsReader(asked.source, asked.folder, _ANY_PYTHON, asked.owner is not None)
    found = reader.read(asked.wish, file.pip, name)
    as_of = _day(asked, found, [name] if name else [])
    return CondaRecipe(file, Wanted(asked.source, found, as_of=as_of), asked.wish.python)


def _interpreter(
    asked: Asked, pyproject: PyProject | None, interpreters: Interpreters, variables: Mapping[str, str]
) -> Interpreter:
    """What the config says, else `.python-version`, else `requires-python`, else our own."""
    wanted = asked.wish.python or _pinned(asked)
    if wanted:
        if asked.owner is not None and not _VERSION.fullmatch(wanted) and not belongs_to_us(Path(wanted)):
            # Whoever looks what Python it is runs it.
            raise BuildError(
                f"python: {wanted!r} is no version, and root's skafd runs no program that another user's project names",
                "write a version, such as 3.11, or let that user run skafd: skafd service install --user",
            )
        return interpreters.find(wanted, variables)
    if pyproject is not None and pyproject.requires_python:
        return interpreters.fitting(pyproject.requires_python, variables)
    return _own_or_similar(asked, interpreters, variables)


def _own_or_similar(asked: Asked, interpreters: Interpreters, variables: Mapping[str, str]) -> Interpreter:
    """Ours, or one of the machine's where whoever is to run it may not run ours."""
    ours = own_interpreter()
    path = python_for(asked.owner, ours.path)
    return ours if path == ours.path else interpreters.find(str(path), variables)


def _pinned(asked: Asked) -> str | None:
    path = asked.source / PIN
    lines = path.read_text(encoding="utf-8", errors="replace").splitlines() if path.is_file() else []
    return next((line.strip() for line in lines if line.strip() and not line.startswith("#")), None)
