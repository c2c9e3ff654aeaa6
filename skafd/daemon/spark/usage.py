"""Whether a service of Spark's is in use, as its processes show: true after any restart, and asked without waiting."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from skafd.addons.spark.place import MASTER
from skafd.errors import SandboxError
from skafd.home import Home
from skafd.sandbox import claim, identity, processes

_WORKER = "-worker-"


def is_in_use(home: Home, name: str) -> bool:
    """A worker that has started an executor; a master that has workers."""
    if _WORKER in name:
        return len(_processes(home.services / name)) > 1
    prefix = name.removesuffix(MASTER)
    return name.endswith(MASTER) and any(_processes(folder) for folder in _workers(home, prefix))


def _workers(home: Home, prefix: str) -> Iterator[Path]:
    return home.services.glob(f"{prefix}worker-*")


def _processes(folder: Path) -> list[int]:
    """Those of its last start."""
    last = max((start for start in folder.glob("*") if start.name.isdigit()), key=_number, default=None)
    if last is None or (last / "exit.json").exists():
        return []
    try:
        found = claim.read(str(last))
    except SandboxError:
        return []
    if found is None or identity.start_time(found.supervisor_pid) != found.start_time:
        return []
    return processes.descendants(found.supervisor_pid)


def _number(start: Path) -> int:
    return int(start.name)
