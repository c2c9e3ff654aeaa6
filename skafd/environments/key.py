"""The name of an environment: equal keys, equal content."""

from __future__ import annotations

import hashlib
import json
import sysconfig

from skafd.environments.base import Recipe

_LAYOUT = "1"
"""Raise it when the same recipe begins to make something else."""


def key_of(recipe: Recipe) -> str:
    """32 hexadecimal digits over the kind, the interpreter, the requirements and the platform."""
    parts = (_LAYOUT, sysconfig.get_platform(), recipe.kind, *recipe.identity())
    return hashlib.sha256(json.dumps(parts).encode(errors="surrogateescape")).hexdigest()[:32]
