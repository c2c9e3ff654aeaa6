"""The files of cgroup v2, on a pretended kernel: which are written, and how they are read.

The real kernel is asked on machines that have it, by the same tests of limits as version 1, and in the virtual machine.
"""

from __future__ import annotations

import errno
import os
from pathlib import Path

import pytest

from skafd.sandbox import small_files
from skafd.sandbox.cgroup import delegation, pseudofiles
from skafd.sandbox.cgroup.base import CgroupKind, CgroupPlace
from skafd.sandbox.cgroup.detect import clear, detect
from skafd.sandbox.cgroup.mounts import Mounts, read_mounts
from skafd.sandbox.cgroup.open import UNCOUNTED_SWAP, unenforced
from skafd.sandbox.cgroup.v1 import CgroupV1
from skafd.sandbox.cgroup.v2 import CgroupV2
from skafd.sandbox.spec import ResourceLimits

CONTROLLERS = ("memory", "cpu", "pids")
_mkdir, _rmdir = os.mkdir, os.rmdir
FILES = {
    "memory": ("memory.max", "memory.oom.group", "memory.swap.max", "memory.events", "memory.peak"),
    "cpu": ("cpu.max",),
    "pids": ("pids.max",),
}


class PretendedKernel:
    """Makes the files of a new folder, and refuses what the kernel refuses."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self._make(root, CONTROLLERS)

    def mkdir(self, path: str, mode: int = 0o777) -> None:
        folder = Path(path)
        _mkdir(path, mode)
        if self.root in folder.parents:
            self._make(folder, (folder.parent / "cgroup.subtree_control").read_text().split())

    def rmdir(self, path: str) -> None:
        folder = Path(path)
        if any(entry.is_dir() for entry in folder.iterdir()):
            raise OSError(errno.EBUSY, "Device or resource busy")
        for entry in folder.iterdir():
            entry.unlink()
        _rmdir(path)

    def set_value(self, path: str, value: str) -> None:
        file = Path(path)
        if not file.exists():
            raise FileNotFoundError(errno.ENOENT, "No such file or directory", path)
        if file.name == "cgroup.subtree_control":
            self._enable(file, value)
        elif file.name == "cgroup.procs":
            self._move(file, value)
        else:
            file.write_text(value)

    def _make(self, folder: Path, controllers: list[str] | tuple[str, ...]) -> None:
        (folder / "cgroup.controllers").write_text(" ".join(controllers))
        for name in ("cgroup.subtree_control", "cgroup.procs", "cgroup.kill"):
            (folder / name).write_text("")
        (folder / "cpu.stat").write_text("usage_usec 0\n")
        for controller in controllers:
            for name in FILES[controller]:
                (folder / name).write_text("")

    def _enable(self, file: Path, value: str) -> None:
        if (file.parent / "cgroup.procs").read_text():
            raise OSError(errno.EBUSY, "Device or resource busy")
        wanted = [word.removeprefix("+") for word in value.split()]
        file.write_text(" ".join([*file.read_text().split(), *wanted]))

    def _move(self, file: Path, pid: str) -> None:
        for other in self.root.rglob("cgroup.procs"):
            other.write_text("".join(f"{line}\n" for line in other.read_text().split() if line != pid))
        file.write_text(file.read_text() + f"{pid}\n")


@pytest.fixture
def kernel(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> PretendedKernel:
    root = tmp_path / "cgroup"
    root.mkdir()
    pretended = PretendedKernel(root)
    monkeypatch.setattr(os, "rmdir", pretended.rmdir)
    monkeypatch.setattr(small_files, "set_value", pretended.set_value)
    # makedirs calls it too.
    monkeypatch.setattr(os, "mkdir", pretended.mkdir)
    return pretended


def group(kernel: PretendedKernel, *controllers: str) -> tuple[Path, CgroupV2]:
    (kernel.root / "cgroup.subtree_control").write_text(" ".join(controllers))
    folder = kernel.root / "job"
    return folder, CgroupV2(dict.fromkeys(controllers, str(folder)))


def test_limits_are_written_where_the_kernel_looks(kernel: PretendedKernel) -> None:
    folder, cgroup = group(kernel, *CONTROLLERS)
    assert cgroup.create(ResourceLimits(memory_bytes=64 * 2**20, cpu=0.5, pids=7)) == ()
    found = {name: (folder / name).read_text() for names in FILES.values() for name in names}
    assert found["memory.max"] == "67108864"
    assert found["memory.oom.group"] == "1"
    assert found["memory.swap.max"] == "0"
    assert found["cpu.max"] == "50000 100000"
    assert found["pids.max"] == "7"


def test_the_smallest_share_of_a_core_is_one_the_kernel_takes(kernel: PretendedKernel) -> None:
    folder, cgroup = group(kernel, *CONTROLLERS)
    cgroup.create(ResourceLimits(cpu=0.0001))
    assert (folder / "cpu.max").read_text() == "1000 100000"


def test_what_is_not_limited_is_not_touched(kernel: PretendedKernel) -> None:
    folder, cgroup = group(kernel, *CONTROLLERS)
    cgroup.create(ResourceLimits())
    assert (folder / "memory.max").read_text() == ""
    assert (folder / "cpu.max").read_text() == ""


def test_a_machine_without_swap_has_no_limit_for_it(kernel: PretendedKernel, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(FILES, "memory", ("memory.max", "memory.oom.group"))
    _, cgroup = group(kernel, *CONTROLLERS)
    assert cgroup.create(ResourceLimits(memory_bytes=1)) == ()


def test_a_refused_limit_is_said(kernel: PretendedKernel, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(FILES, "pids", ())
    _, cgroup = group(kernel, *CONTROLLERS)
    assert cgroup.create(ResourceLimits(pids=5)) == ("the pids limit could not be set: No such file or directory",)


def test_figures_are_read_from_the_kernels_tables(kernel: PretendedKernel) -> None:
    folder, cgroup = group(kernel, *CONTROLLERS)
    cgroup.create(ResourceLimits())
    assert (cgroup.oom_kills(), cgroup.met_memory_limit()) == (0, False)
    (folder / "memory.events").write_text("low 0\nhigh 0\nmax 12\noom 2\noom_kill 3\noom_group_kill 1\n")
    (folder / "memory.peak").write_text("67108864\n")
    (folder / "cpu.stat").write_text("usage_usec 2500000\nuser_usec 1\n")
    (folder / "cgroup.procs").write_text("12\n7\n")
    assert (cgroup.oom_kills(), cgroup.met_memory_limit()) == (3, True)
    assert (cgroup.peak_memory_bytes(), cgroup.cpu_seconds()) == (67108864, 2.5)
    assert cgroup.pids() == [7, 12]


def test_a_kernel_before_memory_peak_leaves_it_open(kernel: PretendedKernel) -> None:
    folder, cgroup = group(kernel, *CONTROLLERS)
    cgroup.create(ResourceLimits())
    (folder / "memory.peak").unlink()
    assert cgroup.peak_memory_bytes() is None


def test_the_whole_group_is_killed_by_one_write(kernel: PretendedKernel) -> None:
    folder, cgroup = group(kernel, *CONTROLLERS)
    cgroup.create(ResourceLimits(cpu=0.1))
    cgroup.forbid_growth()
    cgroup.kill()
    assert (folder / "pids.max").read_text() == "0"
    # Held back by its share of the processor, a process would be slow to die.
    assert (folder / "cpu.max").read_text() == "max"
    assert (folder / "cgroup.kill").read_text() == "1"


def test_removing_takes_along_what_a_job_made_below(kernel: PretendedKernel) -> None:
    folder, cgroup = group(kernel, *CONTROLLERS)
    cgroup.create(ResourceLimits())
    os.mkdir(str(folder / "own"))  # noqa: PTH102
    cgroup.remove()
    assert not folder.exists()
    cgroup.remove()


def test_a_delegated_group_is_cleared_of_our_own_process_first(kernel: PretendedKernel) -> None:
    (kernel.root / "cgroup.procs").write_text(f"{os.getpid()}\n")
    folder, controllers = delegation.prepare(str(kernel.root), "skafd/abc", CONTROLLERS)
    assert folder == str(kernel.root / "skafd" / "abc")
    assert controllers == list(CONTROLLERS)
    assert (kernel.root / "skafd-daemon" / "cgroup.procs").read_text() == f"{os.getpid()}\n"
    for handing in (kernel.root, kernel.root / "skafd", kernel.root / "skafd" / "abc"):
        assert (handing / "cgroup.subtree_control").read_text().split() == list(CONTROLLERS)


def test_a_daemon_that_is_in_its_leaf_already_finds_the_same_folder(kernel: PretendedKernel) -> None:
    (kernel.root / "cgroup.procs").write_text(f"{os.getpid()}\n")
    first = delegation.prepare(str(kernel.root), "skafd/abc", CONTROLLERS)
    assert delegation.prepare(str(kernel.root / "skafd-daemon"), "skafd/abc", CONTROLLERS) == first


def test_other_peoples_processes_are_left_where_they_are(kernel: PretendedKernel) -> None:
    (kernel.root / "cgroup.procs").write_text(f"1\n{os.getpid()}\n")
    with pytest.raises(OSError, match="1 processes that are not skafd's"):
        delegation.prepare(str(kernel.root), "skafd/abc", CONTROLLERS)


def test_detection_takes_version_2_and_only_the_controllers_that_work(
    kernel: PretendedKernel, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setitem(FILES, "cpu", ())
    place = detect(tmp_path, Mounts(second=(str(kernel.root),)))
    assert place.kind is CgroupKind.V2
    assert sorted(place.folders) == ["memory", "pids"]
    assert any("cpu" in problem for problem in place.problems)
    clear(place)
    assert not (kernel.root / "skafd").exists()


@pytest.mark.parametrize("has_swap", [True, False])
def test_swap_that_the_kernel_does_not_count_is_said_to_whom_memory_is_limited(
    kernel: PretendedKernel, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, has_swap: bool
) -> None:
    monkeypatch.setitem(FILES, "memory", ("memory.max", "memory.oom.group"))
    place = detect(tmp_path, Mounts(second=(str(kernel.root),), has_swap=has_swap))
    assert place.enforces("memory")
    leaf = CgroupPlace.from_json(place.to_json()).leaf("job")
    assert unenforced(leaf, ResourceLimits(memory_bytes=2**20)) == ((UNCOUNTED_SWAP,) if has_swap else ())
    assert unenforced(leaf, ResourceLimits(cpu=1)) == ()


def test_swap_that_the_kernel_counts_needs_no_word(kernel: PretendedKernel, tmp_path: Path) -> None:
    place = detect(tmp_path, Mounts(second=(str(kernel.root),), has_swap=True))
    assert unenforced(place.leaf("job"), ResourceLimits(memory_bytes=2**20)) == ()


@pytest.mark.parametrize(("swap_bytes", "swappiness"), [(None, "0"), (2**20, "60")])
def test_where_version_1_does_not_count_swap_it_is_told_to_take_none(
    tmp_path: Path, swap_bytes: int | None, swappiness: str
) -> None:
    folder = tmp_path / "job"
    cgroup = CgroupV1({"memory": str(folder)})
    folder.mkdir()
    (folder / "memory.limit_in_bytes").touch()
    (folder / "memory.swappiness").write_text("60")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(pseudofiles, "make", lambda _: None)
        assert cgroup.create(ResourceLimits(memory_bytes=2**20, swap_bytes=swap_bytes)) == ()
    assert (folder / "memory.swappiness").read_text().startswith(swappiness)


def test_detection_falls_back_to_the_root_where_the_own_group_is_shared(
    kernel: PretendedKernel, tmp_path: Path
) -> None:
    (kernel.root / "cgroup.subtree_control").write_text(" ".join(CONTROLLERS))
    session = kernel.root / "session.scope"
    os.mkdir(str(session))  # noqa: PTH102
    (session / "cgroup.procs").write_text("1\n")
    place = detect(tmp_path, Mounts(second=(str(session), str(kernel.root))))
    assert {str(Path(folder).parent) for folder in place.folders.values()} == {str(kernel.root / "skafd")}


def test_where_nothing_is_mounted_there_is_no_enforcement_and_the_reasons_are_given(tmp_path: Path) -> None:
    place = detect(tmp_path, Mounts())
    assert place.kind is CgroupKind.NONE
    assert not place.enforces("memory")
    assert "cgroup v2 is not mounted" in place.problems
    assert "cgroup v1 has no memory controller here" in place.problems


def test_mounts_of_both_versions_are_read(tmp_path: Path) -> None:
    (tmp_path / "self").mkdir()
    root = tmp_path / "cg"
    (root / "memory" / "mine").mkdir(parents=True)
    (root / "cpu,cpuacct").mkdir()
    (tmp_path / "self" / "cgroup").write_text("4:memory:/mine\n3:cpu,cpuacct:/not/here\n0::/unit.service\n")
    (root / "unified" / "unit.service").mkdir(parents=True)
    (tmp_path / "mounts").write_text(
        f"proc /proc proc rw 0 0\n"
        f"cgroup {root}/memory cgroup rw,memory 0 0\n"
        f"cgroup {root}/cpu,cpuacct cgroup rw,cpu,cpuacct 0 0\n"
        f"cgroup2 {root}/unified cgroup2 rw 0 0\n"
    )
    headings = "Filename Type Size Used Priority\n"
    (tmp_path / "swaps").write_text(headings)
    assert not read_mounts(str(tmp_path)).has_swap
    (tmp_path / "swaps").write_text(f"{headings}/swapfile file 2097148 0 -2\n")
    mounts = read_mounts(str(tmp_path))
    assert mounts.has_swap
    assert mounts.first["memory"] == (f"{root}/memory/mine", f"{root}/memory")
    # The path of the host does not exist in the container: its root is all there is.
    assert mounts.first["cpu"] == mounts.first["cpuacct"] == (f"{root}/cpu,cpuacct",)
    assert mounts.second == (f"{root}/unified/unit.service", f"{root}/unified")
