"""Which kind of environment is asked for."""

from __future__ import annotations

from collections.abc import Mapping

from skafd.environments.bare import BareRecipe
from skafd.environments.base import Asked, Recipe
from skafd.environments.conda.file import read_conda_file
from skafd.environments.conda.recipe import CondaRecipe, check_rattler
from skafd.environments.interpreter import Interpreters, own_interpreter
from skafd.environments.requirements import FILE, read_lines, read_requirements
from skafd.environments.uv import UvRecipe
from skafd.model.environment import AUTO

_CONDA_FILES = ("environment.yml", "environment.yaml")


def recipe_for(asked: Asked, interpreters: Interpreters, variables: Mapping[str, str]) -> Recipe:
    """Reads what is asked for. Raises BuildError when that cannot be made sense of."""
    wish = asked.wish
    conda_file = wish.conda_file or _usual_conda_file(asked)
    if conda_file is not None:
        return _conda_recipe(asked, conda_file)
    interpreter = interpreters.find(wish.python, variables) if wish.python else own_interpreter()
    requirements = read_requirements(asked.source, wish)
    if requirements is None or not requirements.wanted:
        return BareRecipe(interpreter, notes=tuple(requirements.notes) if requirements else ())
    return UvRecipe(interpreter, requirements, asked.source)


def _usual_conda_file(asked: Asked) -> str | None:
    if asked.wish.names_packages:
        return None
    return next((name for name in _CONDA_FILES if (asked.source / name).is_file()), None)


def _conda_recipe(asked: Asked, name: str) -> CondaRecipe:
    """Of the file, with what `pip:` in it and the requirements of the project add."""
    check_rattler()
    file = read_conda_file(asked.source, name)
    lines = file.pip + list(asked.wish.packages or ())
    requirements_file = asked.wish.requirements_file or FILE
    if asked.wish.packages is None and (asked.source / requirements_file).is_file():
        lines.append(f"-r {requirements_file}")
    requirements = read_lines(asked.source, asked.source / name, lines)
    as_of = None if asked.wish.resolve_as_of == AUTO else asked.wish.resolve_as_of
    return CondaRecipe(file, requirements, asked.source, asked.wish.python, as_of)
