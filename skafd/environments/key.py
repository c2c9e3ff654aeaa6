"""Names by content: equal keys, equal environments; equal inputs, nothing to resolve."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable

from skafd.environments.base import Recipe
from skafd.model.environment import Lock

_LAYOUT = "2"
"""Raise it when the same lock begins to make something else."""


def key_of(lock: Lock) -> str:
    """The key of the environment: 32 hexadecimal digits over packages, interpreter and platform.

    The day it was resolved for does not count: what matters is what came of it.
    """
    parts = [lock.kind, lock.python, lock.interpreter, lock.platform, lock.source, list(lock.packages)]
    if lock.owner is not None:
        parts.append(f"of user {lock.owner}")
    return _digest((_LAYOUT, json.dumps(parts)))


def inputs_key_of(recipe: Recipe, settings: Iterable[str] = (), owner: int | None = None) -> str:
    """The name of what is resolved: 32 hexadecimal digits over all that goes into it.

    `settings` say where packages come from; `owner` is the user in whose name it is resolved, None for skafd itself.
    """
    whose = () if owner is None else (f"of user {owner}",)
    return _digest(
        (_LAYOUT, recipe.kind, *recipe.interpreter.identity(), *recipe.inputs(), "settings", *settings, *whose)
    )


def _digest(parts: Iterable[str]) -> str:
    return hashlib.sha256(json.dumps(list(parts)).encode(errors="surrogateescape")).hexdigest()[:32]
