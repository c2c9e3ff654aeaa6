"""The project's own code, where it is to be installed."""

from __future__ import annotations

import shutil
from dataclasses import replace
from pathlib import Path

from skafd.environments.build import Build
from skafd.environments.requirements import Requirements


def beside_the_code(requirements: Requirements, snapshot: Path, copy: Path, build: Build) -> Build:
    """The same build in the snapshot; where code of it is built, which writes beside it, in a copy that stays."""
    if not requirements.is_local:
        return replace(build, folder=snapshot)
    shutil.copytree(snapshot, copy, symlinks=True)
    for path in copy.rglob("*"):
        if path.is_file() and not path.is_symlink():
            path.chmod(path.stat().st_mode | 0o200)
    return replace(build, folder=copy)
