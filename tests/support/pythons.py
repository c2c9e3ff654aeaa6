"""The Pythons of this machine, as uv and skafd find them."""

from __future__ import annotations

import os
import warnings
from functools import cache

import pytest

from skafd.environments.interpreter import Interpreters
from skafd.errors import BuildError


@cache
def has_python(version: str) -> bool:
    """Whether the machine has it."""
    try:
        Interpreters().find(version, dict(os.environ))
    except BuildError:
        return False
    return True


def need_python(version: str) -> str:
    """The version; where the machine does not have it the test is skipped, and everybody is told."""
    if not has_python(version):
        warnings.warn(
            pytest.PytestWarning(f"!!! NO PYTHON {version} HERE: what is tested with it is not !!!"), stacklevel=2
        )
        pytest.skip(f"!!! there is no Python {version} on this machine: `uv python install {version}` !!!")
    return version
