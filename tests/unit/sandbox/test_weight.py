"""What jobs weigh together, on files like those of the kernel."""

from __future__ import annotations

from pathlib import Path

import pytest

from skafd.sandbox.cgroup.base import CgroupKind, CgroupPlace
from skafd.sandbox.cgroup.weight import weigh

V1, V2 = CgroupKind.V1, CgroupKind.V2


def weighed(tmp_path: Path, kind: CgroupKind, file: str, before: str, cpus: int) -> str:
    (tmp_path / file).write_text(before)
    weigh(CgroupPlace(kind, {"cpu": f"{tmp_path}/0123456789ab"}), cpus)
    return (tmp_path / file).read_text().strip()


@pytest.mark.parametrize(
    ("kind", "file", "before", "cpus", "after"),
    [
        (V1, "cpu.shares", "1024", 2, "2048"),
        (V1, "cpu.shares", "1024", 1, "1024"),
        (V1, "cpu.shares", "1024", 1000, "262144"),
        (V2, "cpu.weight", "100", 8, "800"),
        (V2, "cpu.weight", "100", 1000, "10000"),
    ],
)
def test_they_weigh_as_one_process_for_each_cpu(
    tmp_path: Path, kind: CgroupKind, file: str, before: str, cpus: int, after: str
) -> None:
    assert weighed(tmp_path, kind, file, before, cpus) == after


def test_what_somebody_set_stays(tmp_path: Path) -> None:
    assert weighed(tmp_path, V1, "cpu.shares", "512", 4) == "512"


def test_a_group_that_is_gone_or_has_no_weight_is_no_problem(tmp_path: Path) -> None:
    weigh(CgroupPlace(V1, {"cpu": f"{tmp_path}/gone/0123456789ab"}), 4)
    weigh(CgroupPlace(CgroupKind.NONE), 4)
