"""What the machine itself takes: the same fork, cgroup, exec and commits as for a task of skafd, and nothing else.

For every task: a commit, the cgroup with its limits, a log file, fork, exec inside the cgroup, wait, the cgroup
removed, `exit.json` written and synced with its folder, a commit. No supervisor, no working folder, no pipe, no daemon.
"""

from __future__ import annotations

import json
import os
import sqlite3
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import NoReturn

from benchmarks.work import COMMAND, LIMIT_MEMORY_BYTES, LIMIT_PIDS, Timing

SETTINGS = {
    "memory": {"memory.limit_in_bytes": LIMIT_MEMORY_BYTES, "memory.max": LIMIT_MEMORY_BYTES},
    "pids": {"pids.max": LIMIT_PIDS},
}
"""Which file of which controller gets what; the names of both versions."""


@dataclass(slots=True)
class _Started:
    """A task between its exec and its end."""

    pid: int
    number: int
    folder: Path
    cgroups: Sequence[Path]
    exec_at: float


@dataclass(slots=True)
class BareLoop:
    """Runs tasks in `folder`, in cgroups below `parents` (controller -> folder; empty: no cgroups)."""

    folder: Path
    parents: Mapping[str, str]
    _database: sqlite3.Connection = field(init=False)
    _count: int = 0

    def __post_init__(self) -> None:
        self.folder.mkdir(parents=True)
        self._database = sqlite3.connect(self.folder / "bare.db", isolation_level=None)
        self._database.executescript(
            """PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL;
            CREATE TABLE task (number INTEGER PRIMARY KEY, state TEXT, at REAL);
            CREATE TABLE event (task INTEGER, state TEXT, at REAL);"""
        )

    def close(self) -> None:
        """Closes the database."""
        self._database.close()

    def chain(self, length: int) -> list[Timing]:
        """One task after the end of another."""
        return [self._finish(self._start()) for _ in range(length)]

    def together(self, count: int, at_once: int) -> float:
        """`count` tasks, so many at once; the seconds that all of them took."""
        began = time.time()
        alive: dict[int, _Started] = {}
        while count or alive:
            while count and len(alive) < at_once:
                started = self._start()
                alive[started.pid] = started
                count -= 1
            ended = os.waitid(os.P_ALL, 0, os.WEXITED | os.WNOWAIT)
            assert ended is not None
            self._finish(alive.pop(ended.si_pid))
        return time.time() - began

    def _start(self) -> _Started:
        self._count += 1
        number = self._count
        self._commit("INSERT INTO task VALUES (?, ?, ?)", number, "starting")
        folder = self.folder / str(number)
        folder.mkdir()
        cgroups = self._make_cgroups(f"bare-{os.getpid()}-{number}")
        entrances = [os.open(_entrance(cgroup), os.O_WRONLY | os.O_CLOEXEC) for cgroup in cgroups]
        log = os.open(folder / "log", os.O_WRONLY | os.O_CREAT | os.O_CLOEXEC, 0o600)
        reading, writing = os.pipe2(os.O_CLOEXEC)
        pid = os.fork()
        if pid == 0:
            _become(entrances, log)
        for descriptor in (*entrances, log, writing):
            os.close(descriptor)
        os.read(reading, 1)  # Nothing to read: it ends with exec.
        exec_at = time.time()
        os.close(reading)
        return _Started(pid, number, folder, cgroups, exec_at)

    def _finish(self, task: _Started) -> Timing:
        os.waitpid(task.pid, 0)
        for cgroup in task.cgroups:
            cgroup.rmdir()
        _write_durably(task.folder, json.dumps({"exit_code": 0, "ended_at": time.time()}))
        self._commit("UPDATE task SET at = ?3, state = ?2 WHERE number = ?1", task.number, "succeeded")
        return Timing(exec_at=task.exec_at, last_word_at=float((task.folder / "log").read_text()))

    def _commit(self, statement: str, number: int, state: str) -> None:
        row = (number, state, time.time())
        self._database.execute("BEGIN IMMEDIATE")
        self._database.execute(statement, row)
        self._database.execute("INSERT INTO event VALUES (?, ?, ?)", row)
        self._database.execute("COMMIT")

    def _make_cgroups(self, name: str) -> list[Path]:
        made = {controller: Path(parent, name) for controller, parent in self.parents.items()}
        distinct = sorted(set(made.values()))
        for folder in distinct:
            folder.mkdir()
        for controller, folder in made.items():
            for file, value in SETTINGS.get(controller, {}).items():
                if (folder / file).exists():
                    (folder / file).write_text(str(value))
        return distinct


def _entrance(cgroup: Path) -> Path:
    """The file of a cgroup, first version or second, to which a process writes in order to enter."""
    tasks = cgroup / "tasks"
    return tasks if tasks.exists() else cgroup / "cgroup.procs"


def _become(entrances: Sequence[int], log: int) -> NoReturn:
    try:
        for descriptor in entrances:
            os.write(descriptor, b"0")
        os.setsid()
        os.dup2(log, 1)
        os.execv(COMMAND[0], COMMAND)
    finally:
        os._exit(127)


def _write_durably(folder: Path, text: str) -> None:
    temporary = folder / ".exit.json"
    descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_CLOEXEC, 0o600)
    os.write(descriptor, text.encode())
    os.fsync(descriptor)
    os.close(descriptor)
    temporary.rename(folder / "exit.json")
    directory = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    os.fsync(directory)
    os.close(directory)
