"""The day whose packages count."""

from __future__ import annotations

import os
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
    try:
        answer = _run_as_owner(project, arguments)
    except (OSError, subprocess.TimeoutExpired) as error:
        raise BuildError(f"resolve_as_of: auto needs git, which does not answer: {error}", "write a date") from error
    if answer.returncode != 0:
        reason = answer.stderr.strip().splitlines()[-1:] or ["git does not say why"]
        raise BuildError(f"resolve_as_of: auto asks the project's history: {reason[0]}", "write a date")
    return answer.stdout.strip()


def _run_as_owner(project: Path, arguments: tuple[str, ...]) -> subprocess.CompletedProcess[str]:
    """A repository can name programs that git runs, so root looks into it with no more than its owner's rights."""
    folder = os.open(project, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        status = os.fstat(folder)
        is_others = os.geteuid() == 0 and status.st_uid != 0
        options = ["-c", "safe.directory=*", "-c", "core.fsmonitor=false", "-C", f"/proc/self/fd/{folder}"]
        return subprocess.run(
            ["git", *options, *arguments],
            capture_output=True,
            text=True,
            timeout=_TIMEOUT_SECONDS,
            check=False,
            env=_QUIET,
            pass_fds=(folder,),
            user=status.st_uid if is_others else None,
            group=status.st_gid if is_others else None,
            extra_groups=() if is_others else None,
        )
    finally:
        os.close(folder)


_QUIET = {"PATH": "/usr/local/bin:/usr/bin:/bin", "TZ": "UTC", "LC_ALL": "C", "GIT_OPTIONAL_LOCKS": "0"}
"""So that git answers alike everywhere and writes nothing."""
