"""The claim: whoever makes this file owns the attempt, and nobody else ever runs it."""

from __future__ import annotations

import json
import os
from dataclasses import dataclass

from skafd import crash
from skafd.errors import SandboxError
from skafd.sandbox import identity, small_files
from skafd.sandbox.cgroup.base import CgroupPlace

FILE_NAME = "claim"
MACHINE_RESTARTED = "the machine was restarted"


@dataclass(frozen=True, slots=True)
class Claim:
    """The supervisor that owns an attempt, and where its processes are."""

    supervisor_pid: int
    start_time: int
    boot_id: str
    cgroup_name: str
    cgroup: CgroupPlace


def take(directory: str, cgroup_name: str, cgroup: CgroupPlace) -> Claim | None:
    """Claims the attempt for this process; None when it belongs to somebody already."""
    pid = os.getpid()
    claim = Claim(pid, identity.start_time(pid) or 0, identity.boot_id(), cgroup_name, cgroup)
    temporary = f"{directory}/.{FILE_NAME}.{pid}"
    _write(temporary, claim)
    try:
        _appear(temporary, f"{directory}/{FILE_NAME}")
    except FileExistsError:
        return None
    finally:
        os.unlink(temporary)
    return claim


@crash.around("claim.link")
def _appear(temporary: str, path: str) -> None:
    # A link, because it appears with its content or not at all; and like O_EXCL it is refused to the second.
    os.link(temporary, path)


def read(directory: str) -> Claim | None:
    """The claim on an attempt, or None; raises SandboxError when it cannot be understood."""
    path = f"{directory}/{FILE_NAME}"
    try:
        content = small_files.read(path)
    except FileNotFoundError:
        return None
    if not content.strip(b"\0"):
        # Nobody writes it so: the machine went down before its content was on the disk.
        raise SandboxError(MACHINE_RESTARTED)
    try:
        values = json.loads(content)
        return Claim(
            int(values["supervisor_pid"]),
            int(values["start_time"]),
            str(values["boot_id"]),
            str(values["cgroup_name"]),
            CgroupPlace.from_json(values["cgroup"]),
        )
    except (ValueError, KeyError, TypeError) as error:
        raise SandboxError(f"{path} is damaged: {error}") from error


def _write(path: str, claim: Claim) -> None:
    values = {
        "supervisor_pid": claim.supervisor_pid,
        "start_time": claim.start_time,
        "boot_id": claim.boot_id,
        "cgroup_name": claim.cgroup_name,
        "cgroup": claim.cgroup.to_json(),
    }
    small_files.write(path, json.dumps(values).encode())
