from __future__ import annotations

import os
from pathlib import Path

import pytest

from skafd.errors import Refused
from skafd.machine import capacity
from skafd.machine.capacity import count_gpus, parse_pools, read_capacity


class FakeMachine:
    """A /proc with one kind of control groups, and their folders."""

    def __init__(self, folder: Path) -> None:
        self.proc = folder / "proc"
        (self.proc / "self").mkdir(parents=True)
        (self.proc / "meminfo").write_text("MemTotal:        8000000 kB\nMemFree: 1 kB\n")
        (self.proc / "mounts").write_text("")
        (self.proc / "self" / "cgroup").write_text("")
        self.cgroups = folder / "cgroup"

    def has_v2(self, own: str) -> None:
        (self.proc / "mounts").write_text(f"cgroup2 {self.cgroups} cgroup2 rw 0 0\n")
        (self.proc / "self" / "cgroup").write_text(f"0::{own}\n")

    def has_v1(self, own: str) -> None:
        lines = [f"cgroup {self.cgroups}/{name} cgroup rw,{name} 0 0" for name in ("cpu", "memory")]
        (self.proc / "mounts").write_text("\n".join(lines) + "\n")
        (self.proc / "self" / "cgroup").write_text(f"2:cpu:{own}\n1:memory:{own}\n")

    def says(self, path: str, text: str) -> None:
        file = self.cgroups / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(f"{text}\n")


@pytest.fixture
def machine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> FakeMachine:
    monkeypatch.setattr(capacity.os, "sched_getaffinity", lambda _pid: {0, 1, 2, 3})
    return FakeMachine(tmp_path)


def test_without_control_groups_it_is_the_whole_machine(machine: FakeMachine) -> None:
    found = read_capacity(machine.proc)
    assert (found.cpu, found.memory_bytes) == (4.0, 8_000_000 * 1024)


def test_limits_of_v2_hold_from_any_level_above(machine: FakeMachine) -> None:
    machine.has_v2("/outer/inner")
    machine.says("outer/inner/memory.max", "max")
    machine.says("outer/inner/cpu.max", "max 100000")
    machine.says("outer/memory.max", str(2**30))
    machine.says("outer/cpu.max", "150000 100000")
    found = read_capacity(machine.proc)
    assert (found.cpu, found.memory_bytes) == (1.5, 2**30)


def test_limits_of_v1_hold(machine: FakeMachine) -> None:
    machine.has_v1("/box")
    machine.says("memory/box/memory.limit_in_bytes", str(2**31))
    machine.says("cpu/box/cpu.cfs_quota_us", "50000")
    machine.says("cpu/box/cpu.cfs_period_us", "100000")
    found = read_capacity(machine.proc)
    assert (found.cpu, found.memory_bytes) == (0.5, 2**31)


def test_v1_without_limits_is_the_whole_machine(machine: FakeMachine) -> None:
    machine.has_v1("/")
    machine.says("memory/memory.limit_in_bytes", "9223372036854771712")
    machine.says("cpu/cpu.cfs_quota_us", "-1")
    machine.says("cpu/cpu.cfs_period_us", "100000")
    found = read_capacity(machine.proc)
    assert (found.cpu, found.memory_bytes) == (4.0, 8_000_000 * 1024)


def test_this_machine_has_something() -> None:
    found = read_capacity()
    assert 0 < found.cpu <= (os.cpu_count() or 1)
    assert found.memory_bytes > 2**26


@pytest.mark.parametrize(
    ("script", "count"),
    [
        ("printf 'GPU 0: NVIDIA A (UUID: a)\\nGPU 1: NVIDIA B (UUID: b)\\n'", 2),
        ("echo NVIDIA-SMI has failed; exit 9", 0),
    ],
)
def test_gpus_are_those_that_nvidia_smi_lists(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, script: str, count: int
) -> None:
    tool = tmp_path / "nvidia-smi"
    tool.write_text(f"#!/bin/sh\n{script}\n")
    tool.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}:{os.environ['PATH']}")
    assert count_gpus() == count


def test_without_nvidia_smi_there_are_no_gpus(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    assert count_gpus() == 0


def test_the_pools_of_the_machine_are_set_for_the_daemon() -> None:
    assert parse_pools("db=2, licence=1") == (("db", 2), ("licence", 1))
    assert parse_pools("") == ()
    for wrong in ("db", "db=none", "=2", "db=0"):
        with pytest.raises(Refused, match="SKAFD_POOLS"):
            parse_pools(wrong)
