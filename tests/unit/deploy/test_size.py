from __future__ import annotations

from pathlib import Path

import pytest

from skafd.deploy import size
from skafd.deploy.size import check_size
from skafd.deploy.walk import walk
from skafd.errors import DeployError


def sparse(path: Path, size_bytes: int) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("wb") as stream:
        stream.truncate(size_bytes)


def refusal(folder: Path) -> DeployError:
    with pytest.raises(DeployError) as caught:
        check_size(walk(folder))
    return caught.value


def test_a_small_project_passes(tmp_path: Path) -> None:
    sparse(tmp_path / "main.py", 1000)
    check_size(walk(tmp_path))


def test_a_large_file_asks_to_be_ignored_by_name_and_size(tmp_path: Path) -> None:
    sparse(tmp_path / "data" / "train.csv", 1288490189)
    error = refusal(tmp_path)
    assert error.message == "the project has a file larger than 50Mi: data/train.csv (1.2Gi)"
    assert error.hint is not None
    assert ".skafosignore" in error.hint
    assert "data/train.csv" in error.hint


def test_a_large_tree_names_its_heaviest_parts(tmp_path: Path) -> None:
    for number in range(5):
        sparse(tmp_path / "images" / f"{number}.png", 45 * 2**20)
    sparse(tmp_path / "main.py", 1000)
    error = refusal(tmp_path)
    assert error.message.startswith("the project has 225Mi in all, more than 200Mi: images/ (225Mi), main.py")
    assert "images/" in (error.hint or "")


def test_too_many_files_name_the_fullest_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(size, "MOST_FILES", 10)
    for number in range(12):
        sparse(tmp_path / "frames" / f"{number}.txt", 1)
    assert refusal(tmp_path).message == "the project has 12 files, more than 10: frames/ (12 files)"


def test_looking_ends_early_in_a_folder_that_is_no_project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("skafd.deploy.walk.MOST_ENTRIES_LOOKED_AT", 5)
    for number in range(12):
        sparse(tmp_path / f"{number}.txt", 1)
    assert "5 files" in refusal(tmp_path).message


def test_what_is_ignored_weighs_nothing(tmp_path: Path) -> None:
    sparse(tmp_path / "data" / "train.csv", 2**30)
    (tmp_path / ".skafosignore").write_text("data/\n")
    check_size(walk(tmp_path))
