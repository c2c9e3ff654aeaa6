"""How much of everything there is: of the machine, or of the part of it that skafd was given."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from collections.abc import Iterator, Sequence
from pathlib import Path

from skafd.errors import Refused
from skafd.model.limits import Capacity
from skafd.sandbox.cgroup.mounts import Mounts, read_mounts

_GPU_TIMEOUT_SECONDS = 20


def read_capacity(proc: Path = Path("/proc")) -> Capacity:
    """Cores by affinity and quota, memory by the kernel's total and the limits of skafd's own cgroups, GPUs."""
    mounts = read_mounts(str(proc))
    pools = parse_pools(os.environ.get("SKAFD_POOLS", ""))
    return Capacity(cpu=_cores(mounts), memory_bytes=_memory_bytes(proc, mounts), gpu=count_gpus(), pools=pools)


def parse_pools(text: str) -> tuple[tuple[str, int], ...]:
    """The machine's pools, written as `db=2,licence=1`. Raises Refused for anything else."""
    pools = []
    for part in text.split(",") if text.strip() else ():
        name, _, places = part.strip().rpartition("=")
        if not name or not places.isdigit() or not int(places):
            raise Refused(f"SKAFD_POOLS says {part.strip()!r}", "write each pool with its places, as in db=2,licence=1")
        pools.append((name.strip(), int(places)))
    return tuple(pools)


def count_gpus() -> int:
    """How many GPUs `nvidia-smi` lists; 0 where there is none, or where its driver does not answer."""
    tool = shutil.which("nvidia-smi")
    if tool is None:
        return 0
    try:
        listing = subprocess.run(
            [tool, "-L"],
            capture_output=True,
            text=True,
            timeout=_GPU_TIMEOUT_SECONDS,
            check=True,
            stdin=subprocess.DEVNULL,
        )
    except (OSError, subprocess.SubprocessError):
        return 0
    return len(re.findall(r"^GPU \d+:", listing.stdout, re.MULTILINE))


def _cores(mounts: Mounts) -> float:
    quotas = [quota for folder in _first_folders(mounts, "cpu") if (quota := _first_quota(folder)) is not None]
    quotas += [quota for folder in _second_folders(mounts) if (quota := _second_quota(folder)) is not None]
    return min([float(len(os.sched_getaffinity(0))), *quotas])


def _memory_bytes(proc: Path, mounts: Mounts) -> int:
    total = re.search(r"^MemTotal:\s+(\d+) kB", (proc / "meminfo").read_text(), re.MULTILINE)
    assert total is not None, "every Linux says MemTotal"
    limits = [_number(folder / "memory.limit_in_bytes") for folder in _first_folders(mounts, "memory")]
    limits += [_number(folder / "memory.max") for folder in _second_folders(mounts)]
    return min([int(total[1]) * 1024, *(limit for limit in limits if limit is not None)])


def _first_folders(mounts: Mounts, controller: str) -> Iterator[Path]:
    return _own_folders(mounts.first.get(controller, ()))


def _second_folders(mounts: Mounts) -> Iterator[Path]:
    return _own_folders(mounts.second)


def _own_folders(candidates: Sequence[str]) -> Iterator[Path]:
    """Our own cgroup and those above it; `candidates` begin with our own and, where it differs, the root."""
    if not candidates:
        return iter(())
    return _upwards(candidates[0], candidates[1] if len(candidates) > 1 else candidates[0])


def _upwards(folder: str, root: str) -> Iterator[Path]:
    """The folder and those above it up to the root of its hierarchy: each one's limit holds."""
    path = Path(folder)
    yield path
    while path != Path(root) and path != path.parent:
        path = path.parent
        yield path


def _first_quota(folder: Path) -> float | None:
    quota, period = _number(folder / "cpu.cfs_quota_us"), _number(folder / "cpu.cfs_period_us")
    return quota / period if quota and period and quota > 0 else None


def _second_quota(folder: Path) -> float | None:
    quota, _, period = _read(folder / "cpu.max").partition(" ")
    return int(quota) / int(period) if quota.isdigit() and period.isdigit() else None


def _number(path: Path) -> int | None:
    """The number in a file of the kernel's; None where there is no file, or it says `max`."""
    text = _read(path)
    return int(text) if text.lstrip("-").isdigit() else None


def _read(path: Path) -> str:
    return path.read_text().strip() if path.is_file() else ""
