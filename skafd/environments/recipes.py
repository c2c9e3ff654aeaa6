"""Which kind of environment a snapshot asks for."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from skafd.environments.bare import BareRecipe
from skafd.environments.base import Recipe
from skafd.environments.interpreter import Interpreters, own_interpreter
from skafd.environments.requirements import read_requirements
from skafd.environments.uv import UvRecipe
from skafd.model.project import Project


def recipe_for(
    snapshot_folder: Path, config: Project, interpreters: Interpreters, variables: Mapping[str, str]
) -> Recipe:
    """Reads what the snapshot says of its environment. Raises BuildError when that cannot be made sense of."""
    interpreter = interpreters.find(config.python, variables) if config.python else own_interpreter()
    requirements = read_requirements(snapshot_folder)
    if requirements is None or not requirements.wanted:
        return BareRecipe(interpreter, notes=tuple(requirements.notes) if requirements else ())
    return UvRecipe(interpreter, requirements, snapshot_folder)
