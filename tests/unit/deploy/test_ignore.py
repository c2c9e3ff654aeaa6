from __future__ import annotations

from pathlib import Path

import pytest

from skafd.deploy.ignore import Rules, Verdict

KEPT, IGNORED, LEFT_OUT = Verdict.KEPT, Verdict.IGNORED, Verdict.LEFT_OUT


def judge(folder: Path, relative: str, is_folder: bool = False) -> Verdict:
    return Rules(folder).judge(relative, is_folder)


def test_without_ignore_files_code_and_data_are_kept(tmp_path: Path) -> None:
    assert judge(tmp_path, "main.py") is KEPT
    assert judge(tmp_path, "data", is_folder=True) is KEPT
    assert judge(tmp_path, ".env") is KEPT


def test_gitignore_and_skafosignore_are_both_honoured(tmp_path: Path) -> None:
    (tmp_path / ".gitignore").write_text("data/\n*.log\n")
    (tmp_path / ".skafosignore").write_text("# large\nmodel.bin\n")
    assert judge(tmp_path, "data", is_folder=True) is IGNORED
    assert judge(tmp_path, "data") is KEPT
    assert judge(tmp_path, "deep/run.log") is IGNORED
    assert judge(tmp_path, "model.bin") is IGNORED


def test_the_innermost_ignore_file_has_the_last_word(tmp_path: Path) -> None:
    (tmp_path / ".gitignore").write_text("*.csv\n")
    (tmp_path / "lookup").mkdir()
    (tmp_path / "lookup" / ".gitignore").write_text("!countries.csv\n/only_here.txt\n")
    assert judge(tmp_path, "other.csv") is IGNORED
    assert judge(tmp_path, "lookup/countries.csv") is KEPT
    assert judge(tmp_path, "lookup/cities.csv") is IGNORED
    assert judge(tmp_path, "lookup/only_here.txt") is IGNORED
    assert judge(tmp_path, "only_here.txt") is KEPT


def test_skafosignore_can_take_back_what_gitignore_excludes(tmp_path: Path) -> None:
    (tmp_path / ".gitignore").write_text("*.csv\n")
    (tmp_path / ".skafosignore").write_text("!small.csv\n")
    assert judge(tmp_path, "small.csv") is KEPT


def test_a_project_inside_a_repository_obeys_the_repository(tmp_path: Path) -> None:
    (tmp_path / ".git").mkdir()
    (tmp_path / ".gitignore").write_text("*.parquet\n/pipelines/churn/out/\n")
    project = tmp_path / "pipelines" / "churn"
    project.mkdir(parents=True)
    assert judge(project, "table.parquet") is IGNORED
    assert judge(project, "out", is_folder=True) is IGNORED
    assert judge(project, "main.py") is KEPT


def test_a_project_that_its_repository_ignores_as_a_whole_is_still_a_project(tmp_path: Path) -> None:
    (tmp_path / ".git").mkdir()
    (tmp_path / ".gitignore").write_text("scratch/\n")
    project = tmp_path / "scratch"
    project.mkdir()
    assert judge(project, "main.py") is KEPT


def test_ignore_files_outside_any_repository_say_nothing(tmp_path: Path) -> None:
    (tmp_path / ".gitignore").write_text("*.py\n")
    project = tmp_path / "project"
    project.mkdir()
    assert judge(project, "main.py") is KEPT


@pytest.mark.parametrize("line", ["!", "\\", "[z-a]"])
def test_a_line_that_is_no_pattern_is_passed_over(tmp_path: Path, line: str) -> None:
    (tmp_path / ".gitignore").write_text(f"{line}\n*.log\n")
    assert judge(tmp_path, "a.log") is IGNORED
    assert judge(tmp_path, "main.py") is KEPT


@pytest.mark.parametrize(
    "name",
    [
        ".git",
        ".hg",
        ".svn",
        ".venv",
        "venv",
        "node_modules",
        "__pycache__",
        ".ipynb_checkpoints",
        ".mypy_cache",
        ".idea",
    ],
)
def test_folders_that_are_never_deployed(tmp_path: Path, name: str) -> None:
    (tmp_path / ".gitignore").write_text(f"!{name}\n")
    assert judge(tmp_path, name, is_folder=True) is LEFT_OUT


def test_a_virtual_environment_is_known_by_what_is_in_it(tmp_path: Path) -> None:
    (tmp_path / "env").mkdir()
    assert judge(tmp_path, "env", is_folder=True) is KEPT
    (tmp_path / "env" / "pyvenv.cfg").touch()
    assert judge(tmp_path, "env", is_folder=True) is LEFT_OUT


@pytest.mark.parametrize(
    "name",
    [
        *("4913", ".main.py.swp", ".main.py.swx", "main.py~", ".#main.py", "#main.py#", ".goutputstream-X1Y2Z3"),
        *("main.py___jb_tmp___", "main.py___jb_old___", ".DS_Store", "main.pyc", ".nfs000012", ".git"),
    ],
)
def test_temporary_files_of_editors_are_never_deployed(tmp_path: Path, name: str) -> None:
    assert judge(tmp_path, f"src/{name}") is LEFT_OUT


@pytest.mark.parametrize(
    "name", ["4914", "swap.swp.py", "notes.tmp", "main.py", "#1.csv", "a~b", ".swp.md", ".gitignore"]
)
def test_files_that_only_look_like_it_are_kept(tmp_path: Path, name: str) -> None:
    assert judge(tmp_path, name) is KEPT
