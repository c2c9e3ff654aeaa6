"""The working folder as a package."""

from __future__ import annotations

import os
import zipfile
from pathlib import Path

import pytest

from skafd.ray.attendant import package
from skafd.ray.attendant.package import TooLarge, pack


def write(folder: Path) -> Path:
    (folder / "deep" / "er").mkdir(parents=True)
    (folder / "a.py").write_text("print(1)\n")
    (folder / "deep" / "er" / "run.sh").write_text("true\n")
    (folder / "deep" / "er" / "run.sh").chmod(0o755)
    return folder


def test_the_same_files_make_the_same_package(tmp_path: Path) -> None:
    one, two = (write(tmp_path / name) for name in ("one", "two"))
    os.utime(two / "a.py", (0, 0))
    own = [(".skafd/remote.py", str(one / "a.py"))]
    first, second = pack(str(one), own, str(tmp_path / "1.zip")), pack(str(two), own, str(tmp_path / "2.zip"))
    assert first.name == second.name
    with zipfile.ZipFile(first.path) as archive:
        assert archive.namelist() == ["a.py", "deep/er/run.sh", ".skafd/remote.py"]
        assert archive.getinfo("deep/er/run.sh").external_attr >> 16 == 0o755


def test_what_is_linked_from_elsewhere_stays_and_is_named(tmp_path: Path) -> None:
    folder = write(tmp_path / "work")
    (tmp_path / "data").mkdir()
    (folder / "data").symlink_to(tmp_path / "data")
    (folder / "b.py").symlink_to("a.py")
    (folder / "gone").symlink_to("nowhere")
    packed = pack(str(folder), [], str(tmp_path / "1.zip"))
    assert packed.left_out == ["data", "gone"]
    with zipfile.ZipFile(packed.path) as archive:
        assert "b.py" in archive.namelist()


def test_what_ray_would_not_take_is_refused_before_it_is_sent(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(package, "LARGEST_BYTES", 5)
    with pytest.raises(TooLarge, match="Ray takes at most"):
        pack(str(write(tmp_path / "work")), [], str(tmp_path / "1.zip"))
