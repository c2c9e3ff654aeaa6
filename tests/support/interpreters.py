"""The Pythons that the SDK promises to run on, where this machine has them."""

from __future__ import annotations

import functools
import os
import sys
import warnings
from pathlib import Path

import pytest

from skafd.environments.interpreter import Interpreters
from skafd.errors import BuildError

OLDEST, NEWEST = "3.6", "3.13"


@functools.cache
def find_interpreter(version: str) -> Path | None:
    """The interpreter of that version, pyenv's too; None where there is none."""
    if version == f"{sys.version_info[0]}.{sys.version_info[1]}":
        return Path(sys.executable)
    try:
        return Interpreters().find(version, dict(os.environ)).path
    except BuildError:
        return None


def need_interpreter(version: str) -> Path:
    """The interpreter; where it is missing the test is skipped, and that is said aloud."""
    found = find_interpreter(version)
    if found is None:
        warnings.warn(pytest.PytestWarning(f"NO PYTHON {version} HERE: the SDK is not tried on it"), stacklevel=2)
        pytest.skip(f"there is no Python {version} on this machine")
    return found
