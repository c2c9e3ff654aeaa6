"""The day whose packages count."""

from __future__ import annotations

import subprocess
from collections.abc import Sequence
from pathlib import Path

from skafd.errors import BuildError
from skafd.model.environment import AUTO

_TIMEOUT_SECONDS = 30


def day_of(wish: str | None, project: Path, files: Sequence[str]) -> str | None:
    """The ISO date that `resolve_as_of` means; `files` are the requirements, relative to the project.

    Files that were changed since they were committed are of today: None. Raises BuildError where there is no history.
    """
    if wish != AUTO:
        return wish
    if not files:
        return None
    if _git(project, "status", "--porcelain", "--", *files):
        return None
    day = _git(project, "log", "-1", "--format=%cd", "--date=format-local:%Y-%m-%d", "--", *files)
    if not day:
        raise BuildError("resolve_as_of: auto needs a commit of the requirements, and there is none", "write a date")
    return day


def _git(project: Path, *arguments: str) -> str:
    # Whoever owns the folder: nothing of it is run.
    command = ["git", "-c", "safe.directory=*", "-c", "core.fsmonitor=false", "-C", str(project), *arguments]
    try:
        answer = subprocess.run(
            command, capture_output=True, text=True, timeout=_TIMEOUT_SECONDS, check=False, env=_QUIET
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        raise BuildError(f"resolve_as_of: auto needs git, which does not answer: {error}", "write a date") from error
    if answer.returncode != 0:
        reason = answer.stderr.strip().splitlines()[-1:] or ["git does not say why"]
        raise BuildError(f"resolve_as_of: auto asks the project's history: {reason[0]}", "write a date")
    return answer.stdout.strip()


_QUIET = {"PATH": "/usr/local/bin:/usr/bin:/bin", "TZ": "UTC", "LC_ALL": "C", "GIT_OPTIONAL_LOCKS": "0"}
"""So that git answers alike everywhere and writes nothing."""
