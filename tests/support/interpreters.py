"""The Pythons that the SDK promises to run on, where this machine has them."""

from __future__ import annotations

import functools
import subprocess
import sys
import warnings
from pathlib import Path

import pytest

from skafd.environments.tool import find_uv

OLDEST, NEWEST = "3.6", "3.13"


@functools.cache
def find_interpreter(version: str) -> Path | None:
    """The interpreter of that version, pyenv's too; None where there is none."""
    if version == f"{sys.version_info[0]}.{sys.version_info[1]}":
        return Path(sys.executable)
    for candidate in sorted(Path.home().glob(f".pyenv/versions/{version}.*/bin/python")):
        return candidate
    done = subprocess.run([find_uv(), "python", "find", version], check=False, capture_output=True, text=True)
    return Path(done.stdout.strip()) if done.returncode == 0 else None


def need_interpreter(version: str) -> Path:
    """The interpreter; where it is missing the test is skipped, and that is said aloud."""
    found = find_interpreter(version)
    if found is None:
        warnings.warn(pytest.PytestWarning(f"NO PYTHON {version} HERE: the SDK is not tried on it"), stacklevel=2)
        pytest.skip(f"there is no Python {version} on this machine")
    return found
