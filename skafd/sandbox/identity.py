"""Which process is meant: a pid alone is used again, a pid with its start time and boot id is not."""

from __future__ import annotations

import functools

from skafd.sandbox import small_files


@functools.cache
def boot_id() -> str:
    """The kernel's name of this boot; another after each restart of the machine, which no process outlives."""
    return small_files.read("/proc/sys/kernel/random/boot_id").decode().strip()


def start_time(pid: int) -> int | None:
    """When the process started, in clock ticks since boot; None when it is gone or only waits to be reaped."""
    fields = stat_fields(pid)
    if fields is None or fields[0] in (b"Z", b"X"):
        return None
    return int(fields[19])


def parent(pid: int) -> int | None:
    """The parent of a process; None when the process is gone."""
    fields = stat_fields(pid)
    return None if fields is None else int(fields[1])


def stat_fields(pid: int) -> list[bytes] | None:
    """The fields of /proc/<pid>/stat from the third (the state) on; None when the process is gone."""
    try:
        content = small_files.read(f"/proc/{pid}/stat")
    except (FileNotFoundError, ProcessLookupError):
        return None
    # The second field is the program's name, in which spaces and brackets are allowed.
    return content[content.rindex(b")") + 2 :].split()
