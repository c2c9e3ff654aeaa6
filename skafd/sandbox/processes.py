"""Finds processes by what /proc says of them, without the help of a cgroup."""

from __future__ import annotations

import os

from skafd.sandbox import identity, small_files


def descendants(ancestor: int) -> list[int]:
    """Every living process below `ancestor`. A subreaper has all of its tree below it, however often it forked."""
    children: dict[int, list[int]] = {}
    for pid in all_pids():
        fields = identity.stat_fields(pid)
        if fields is not None:
            children.setdefault(int(fields[1]), []).append(pid)
    found: list[int] = []
    level = children.get(ancestor, [])
    while level:
        found += level
        level = [pid for above in level for pid in children.get(above, [])]
    return [pid for pid in found if identity.start_time(pid) is not None]


def with_cookie(cookie: str) -> list[int]:
    """The processes whose environment has the line `cookie`, as they were exec'ed."""
    wanted = cookie.encode()
    return [pid for pid in all_pids() if wanted in _environment(pid)]


def resident_bytes(pid: int) -> int:
    """The memory that a process has in use; 0 when it is gone."""
    try:
        return int(small_files.read(f"/proc/{pid}/statm").split()[1]) * os.sysconf("SC_PAGE_SIZE")
    except (FileNotFoundError, ProcessLookupError):
        return 0


def cpu_ticks(pid: int) -> int:
    """The processor time of a process and of those that it has reaped, in clock ticks; 0 when it is gone."""
    fields = identity.stat_fields(pid)
    return 0 if fields is None else sum(map(int, fields[11:15]))


def name(pid: int) -> str:
    """What ps calls a process; empty when it is gone."""
    try:
        return small_files.read(f"/proc/{pid}/comm").decode("utf-8", "replace").strip()
    except (FileNotFoundError, ProcessLookupError):
        return ""


def all_pids() -> list[int]:
    """The pids of this machine, or of this container."""
    return [int(name) for name in os.listdir("/proc") if name.isdigit()]


def _environment(pid: int) -> list[bytes]:
    try:
        return small_files.read(f"/proc/{pid}/environ").split(b"\0")
    except (FileNotFoundError, ProcessLookupError, PermissionError):
        return []
