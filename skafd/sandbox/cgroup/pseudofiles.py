"""Reading and writing the small files that the kernel shows for each control group."""

from __future__ import annotations

import errno
import os
import time
from collections.abc import Callable, Iterable

from skafd.sandbox import small_files

REMOVE_WITHIN_SECONDS = 5.0


def read(folder: str, name: str) -> str:
    """The content of one file."""
    return small_files.read(f"{folder}/{name}").decode()


def write(folder: str, name: str, value: str) -> None:
    """Writes `value` to an existing file; raises OSError when the kernel refuses it."""
    small_files.set_value(f"{folder}/{name}", value)


def counter(folder: str, name: str, key: str) -> int:
    """The number behind `key` in a file of "key number" lines; 0 when the line is missing."""
    for line in read(folder, name).splitlines():
        word, _, number = line.partition(" ")
        if word == key:
            return int(number)
    return 0


def make(folder: str) -> None:
    """Makes a control group, and those above it when another daemon has just cleared them away."""
    try:
        os.mkdir(folder)
    except FileNotFoundError:
        os.makedirs(folder)


def refusals(what: str, setter: Callable[[float], None], value: float) -> list[str]:
    """Sets a limit; a list of one sentence when the kernel refuses it, else an empty one."""
    try:
        setter(value)
    except OSError as error:
        return [f"the {what} limit could not be set: {error.strerror}"]
    return []


def processes(folders: Iterable[str]) -> list[int]:
    """The processes in the folders and below; a folder that is gone has none."""
    found: set[int] = set()
    for folder in folders:
        try:
            found.update(_processes_below(folder))
        except OSError as error:
            if error.errno not in (errno.ENOENT, errno.ENODEV):
                raise
    return sorted(found)


def _processes_below(folder: str) -> set[int]:
    found = {int(line) for line in read(folder, "cgroup.procs").split()}
    # A folder without folders has two links; jobs that make their own control groups are rare.
    if os.stat(folder).st_nlink > 2:
        for entry in os.scandir(folder):
            if entry.is_dir(follow_symlinks=False):
                found |= _processes_below(entry.path)
    return found


def remove(folder: str) -> None:
    """Removes a control group and what a job made below it; raises OSError when something stays alive in it."""
    deadline = time.monotonic() + REMOVE_WITHIN_SECONDS
    while True:
        try:
            return _remove_tree(folder)
        except OSError as error:
            # The last process may have been reaped and still be on its way out of the group.
            if error.errno != errno.EBUSY or time.monotonic() > deadline:
                raise
        time.sleep(0.002)


def _remove_tree(folder: str) -> None:
    try:
        os.rmdir(folder)
    except FileNotFoundError:
        return
    except OSError as error:
        below = [entry.path for entry in os.scandir(folder) if entry.is_dir(follow_symlinks=False)]
        if error.errno != errno.EBUSY or not below:
            raise
        for path in below:
            _remove_tree(path)
        os.rmdir(folder)
