"""Whether there is room on a disk for what a new attempt writes: its folder, its log, the record of its end."""

from __future__ import annotations

import os
from pathlib import Path

from skafd.units import format_memory

LEAST_FREE_BYTES = 16 * 2**20
LEAST_FREE_INODES = 200


def shortage_of(folder: Path) -> str:
    """What is short on the folder's disk, as what something waits for; empty where there is room."""
    try:
        status = os.statvfs(folder)
    except OSError as error:
        return f"the disk of {folder}: {error.strerror}"
    if status.f_flag & os.ST_RDONLY:
        return f"the disk of {folder} to be writable again: it is read-only"
    free_bytes = status.f_bavail * status.f_frsize
    if free_bytes < LEAST_FREE_BYTES:
        needed = format_memory(LEAST_FREE_BYTES)
        return f"room on the disk of {folder}: {format_memory(free_bytes)} free, {needed} needed"
    # Some file systems have no fixed number of inodes and say 0.
    if status.f_files and status.f_favail < LEAST_FREE_INODES:
        return f"room on the disk of {folder}: {status.f_favail} more files fit, {LEAST_FREE_INODES} needed"
    return ""
