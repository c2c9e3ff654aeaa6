"""What the kernel's own log says of an out-of-memory kill: which process it chose, and how large that was."""

from __future__ import annotations

import errno
import os
import re

_RECORD_BYTES = 8192
_CHOSEN = re.compile(rb"oom-kill:.*task_memcg=\S*/(?P<group>[^/,]+)(?:/[^,]*)?,task=(?P<name>.*),pid=(?P<pid>\d+),uid=")
_KILLED = re.compile(rb"Killed process (?P<pid>\d+) .*anon-rss:(?P<anon>\d+)kB, file-rss:(?P<file>\d+)kB")


def killed_process(cgroup_name: str, path: str = "/dev/kmsg") -> str:
    """The process that was chosen last in that control group, in words; empty where the log is not to be read."""
    name, pid, size = "", "", ""
    for record in _records(path):
        if (chosen := _CHOSEN.search(record)) and chosen["group"].decode(errors="replace") == cgroup_name:
            name, pid, size = chosen["name"].decode(errors="replace"), chosen["pid"].decode(), ""
        elif pid and not size and (killed := _KILLED.search(record)) and killed["pid"].decode() == pid:
            size = f", {(int(killed['anon']) + int(killed['file'])) // 1024}Mi"
    return f"{name} (pid {pid}{size})" if pid else ""


def _records(path: str) -> list[bytes]:
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
    except OSError:
        return []
    try:
        return _read_all(descriptor)
    finally:
        os.close(descriptor)


def _read_all(descriptor: int) -> list[bytes]:
    """A record for each read; what was overwritten meanwhile is passed over."""
    records: list[bytes] = []
    while True:
        try:
            record = os.read(descriptor, _RECORD_BYTES)
        except OSError as error:
            if error.errno == errno.EPIPE:
                continue
            return records
        if not record:
            return records
        records += record.splitlines()
