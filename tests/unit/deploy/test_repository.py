from __future__ import annotations

from pathlib import Path

import pytest

from skafd.deploy.repository import is_repository_busy


def test_outside_a_repository_nobody_is_busy(tmp_path: Path) -> None:
    assert not is_repository_busy(tmp_path)


@pytest.mark.parametrize("below", ["", "pipelines/churn"])
def test_the_lock_of_the_index_says_that_git_is_at_work(tmp_path: Path, below: str) -> None:
    (tmp_path / ".git").mkdir()
    assert not is_repository_busy(tmp_path / below)
    (tmp_path / ".git" / "index.lock").touch()
    assert is_repository_busy(tmp_path / below)


def test_a_worktree_has_its_lock_elsewhere(tmp_path: Path) -> None:
    elsewhere = tmp_path / "main" / ".git" / "worktrees" / "churn"
    elsewhere.mkdir(parents=True)
    project = tmp_path / "churn"
    project.mkdir()
    (project / ".git").write_text(f"gitdir: {elsewhere}\n")
    assert not is_repository_busy(project)
    (elsewhere / "index.lock").touch()
    assert is_repository_busy(project)
