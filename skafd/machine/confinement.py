"""Whether this machine can isolate jobs strictly."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

from skafd.errors import Refused
from skafd.machine.findings import Finding, ok, warning
from skafd.sandbox.strict import trial
from skafd.sandbox.user import User

_PROGRAM = "bwrap"
_TIMEOUT_SECONDS = 20
_INSTALL = "install bubblewrap: apt install bubblewrap (dnf, pacman and apk know it by the same name)"
_ALLOW = (
    "in a container: --security-opt seccomp=unconfined --security-opt systempaths=unconfined, and for root's jobs "
    "--cap-add SYS_ADMIN; or: sysctl kernel.unprivileged_userns_clone=1 kernel.apparmor_restrict_unprivileged_userns=0"
)
_NOBODY = User(65_534, 65_534, (65_534,))


def find_bubblewrap() -> str:
    """The path of the program. Raises Refused."""
    path = shutil.which(_PROGRAM)
    if path is None:
        raise Refused("`isolation: strict` needs bubblewrap, which is not installed", _INSTALL)
    return path


def check_strict(user: User | None) -> None:
    """Tries it out as that user, or as ourselves. Raises Refused where it does not work."""
    said = _try(find_bubblewrap(), user)
    if said is not None:
        who = f"user {user.uid}" if user else "skafd's user"
        raise Refused(f"`isolation: strict` does not work here for {who}: {said}", _ALLOW)


def examine_strict(user_id: int) -> Finding:
    """Whether projects can ask for `isolation: strict`."""
    topic = "isolation"
    try:
        for user in (None, _NOBODY) if user_id == 0 else (None,):
            check_strict(user)
    except Refused as refusal:
        return warning(topic, refusal.message, f"only for projects that ask for it: {refusal.hint}")
    return ok(topic, "`isolation: strict` works, by bubblewrap")


def _try(program: str, user: User | None) -> str | None:
    """None, or what it says."""
    try:
        done = subprocess.run(
            trial(program),
            capture_output=True,
            text=True,
            errors="replace",
            timeout=_TIMEOUT_SECONDS,
            check=False,
            stdin=subprocess.DEVNULL,
            cwd="/",
            env={"PATH": os.defpath},
            user=user.uid if user else None,
            group=user.gid if user else None,
            extra_groups=user.groups if user else None,
        )
    except (OSError, subprocess.SubprocessError) as error:
        return str(error)
    return None if done.returncode == 0 else done.stderr.strip() or f"bwrap ended with {done.returncode}"


def hidden_folders(state_folder: Path, own_folder: Path, others: tuple[Path, ...]) -> tuple[str, ...]:
    """What a strictly isolated job of a project does not see: the state folder and other projects.

    Not those around its own folder or around the state folder: they can be read, and not written.
    """
    apart = [one for one in others if not any(mine.is_relative_to(one) for mine in (own_folder, state_folder))]
    return tuple(str(folder) for folder in (state_folder, *apart))
