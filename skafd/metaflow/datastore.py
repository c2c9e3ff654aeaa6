"""Where Metaflow keeps what flows leave, and what runs and tasks are called there."""

from __future__ import annotations

import os
import pwd
from collections.abc import Mapping
from pathlib import Path

from skafd.model.flow import flow_run_id
from skafd.model.run import Run

FOLDER = ".metaflow"
_NOBODY = "skafd"


def local_root(project: Path, variables: Mapping[str, str]) -> Path:
    """The folder that `python flow.py run` uses in the project's folder: the nearest above it, else one in it."""
    configured = variables.get("METAFLOW_DATASTORE_SYSROOT_LOCAL")
    if configured:
        return (project / configured / FOLDER).resolve()
    for folder in (project, *project.parents):
        if (folder / FOLDER).is_dir():
            return folder / FOLDER
    return project / FOLDER


def run_id(run: Run) -> str:
    """What Metaflow calls a run."""
    return flow_run_id(run.key, run.created_at)


def user_of(project: Path, variables: Mapping[str, str]) -> str:
    """Whose the runs are. Metaflow wants a name that is not root."""
    given = variables.get("METAFLOW_USER") or _owner(project)
    return given if given not in ("", "root") else _nobody(variables)


def _owner(project: Path) -> str:
    try:
        return pwd.getpwuid(project.stat().st_uid).pw_name
    except (OSError, KeyError):
        return ""


def _nobody(variables: Mapping[str, str]) -> str:
    names = (variables.get(name) or os.environ.get(name, "") for name in ("SUDO_USER", "USERNAME", "USER"))
    return next((name for name in names if name not in ("", "root")), _NOBODY)
