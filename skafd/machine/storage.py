"""The disk that the state folder is on."""

from __future__ import annotations

import os
from pathlib import Path

import psutil

from skafd.home import Home, network_file_system
from skafd.machine.findings import Finding, error, ok, warning
from skafd.units import format_memory

LOW_BYTES = 2 * 2**30
TOO_LOW_BYTES = 200 * 2**20
LOW_INODES = 20_000


def examine_storage(home: Home, proc: Path = Path("/proc")) -> tuple[Finding, ...]:
    """Free space, free inodes and the kind of file system, there or where the folder would be made."""
    existing = next(path for path in (home.path, *home.path.parents) if path.is_dir())
    return (_space(home, existing), _file_system(home, existing, proc), _access(home, existing))


def _space(home: Home, existing: Path) -> Finding:
    status = os.statvfs(existing)
    free_bytes = status.f_bavail * status.f_frsize
    says = f"{format_memory(free_bytes)} free for {home.path}"
    advice = "free some space, or set SKAFD_HOME to a folder on a larger disk"
    if free_bytes < TOO_LOW_BYTES:
        return error("disk", says, advice)
    if free_bytes < LOW_BYTES:
        return warning("disk", says, advice)
    # Some file systems have no fixed number of inodes and say 0.
    if status.f_files and status.f_favail < LOW_INODES:
        return warning("disk", f"{says}, but room for {status.f_favail} more files only", advice)
    return ok("disk", says)


def _file_system(home: Home, existing: Path, proc: Path) -> Finding:
    network = network_file_system(existing, (proc / "mounts").read_text(errors="replace"))
    if network:
        says = f"{home.path} is on a network file system ({network}), where a database is not safe"
        return error("state folder", says, "set SKAFD_HOME to a folder on a local disk")
    real = existing.resolve()
    mounts = (part for part in psutil.disk_partitions(all=True) if real.is_relative_to(part.mountpoint))
    kind = max(mounts, key=lambda part: len(Path(part.mountpoint).parts)).fstype
    if kind in ("tmpfs", "ramfs"):
        says = f"{home.path} is in memory ({kind}): nothing of it outlives a reboot"
        return warning("state folder", says, "set SKAFD_HOME to a folder on a disk")
    return ok("state folder", f"{home.path} ({kind})")


def _access(home: Home, existing: Path) -> Finding:
    if os.access(existing, os.W_OK | os.X_OK):
        return ok("access", f"{existing} is writable")
    return error(
        "access", f"{existing} is not writable", f"make {home.path} yours, or set SKAFD_HOME to a folder that is"
    )
