"""Which folders are projects."""

import os
from pathlib import Path

from skafd.config import find_config, find_projects


def make(folder: Path, name: str = "metis.config.yml") -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    (folder / name).write_text("name: x\n")
    return folder


def test_a_project_is_a_folder_with_a_config(tmp_path: Path) -> None:
    assert find_config(tmp_path) is None
    make(tmp_path, "metis.config.yaml")
    assert find_config(tmp_path) == tmp_path / "metis.config.yaml"
    make(tmp_path)
    assert find_config(tmp_path) == tmp_path / "metis.config.yml"


def test_a_folder_may_be_a_project_or_hold_some(tmp_path: Path) -> None:
    one, two = make(tmp_path / "b"), make(tmp_path / "a" / "deep", "metis.config.yaml")
    assert find_projects(tmp_path) == (two, one)
    assert find_projects(one) == (one,)
    assert find_projects(tmp_path / "nowhere") == ()


def test_nothing_below_a_project_and_nothing_of_tools_is_looked_at(tmp_path: Path) -> None:
    one = make(tmp_path / "one")
    make(one / "inner")
    for name in (".git", "node_modules", "venv", ".hidden", "__pycache__"):
        make(tmp_path / name / "x")
    make(tmp_path / "some-environment" / "lib")
    (tmp_path / "some-environment" / "pyvenv.cfg").touch()
    assert find_projects(tmp_path) == (one,)


def test_a_name_that_is_no_text_is_not_looked_at(tmp_path: Path) -> None:
    make(tmp_path / os.fsdecode(b"od\xffd"))
    one = make(tmp_path / "one")
    assert find_projects(tmp_path) == (one,)


def test_links_are_not_followed(tmp_path: Path) -> None:
    elsewhere = make(tmp_path / "elsewhere")
    folder = tmp_path / "folder"
    folder.mkdir()
    (folder / "link").symlink_to(elsewhere)
    (folder / "itself").symlink_to(folder)
    assert find_projects(folder) == ()
