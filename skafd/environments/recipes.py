"""Which kind of environment is asked for."""

from __future__ import annotations

from collections.abc import Mapping

from skafd.environments.bare import BareRecipe
from skafd.environments.base import Asked, Recipe
from skafd.environments.interpreter import Interpreters, own_interpreter
from skafd.environments.requirements import read_requirements
from skafd.environments.uv import UvRecipe


def recipe_for(asked: Asked, interpreters: Interpreters, variables: Mapping[str, str]) -> Recipe:
    """Reads what is asked for. Raises BuildError when that cannot be made sense of."""
    wish = asked.wish
    interpreter = interpreters.find(wish.python, variables) if wish.python else own_interpreter()
    requirements = read_requirements(asked.source, wish)
    if requirements is None or not requirements.wanted:
        return BareRecipe(interpreter, notes=tuple(requirements.notes) if requirements else ())
    return UvRecipe(interpreter, requirements, asked.source)
