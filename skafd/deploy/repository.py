"""Whether git is in the middle of changing a working tree."""

from __future__ import annotations

from pathlib import Path


def is_repository_busy(folder: Path) -> bool:
    """Whether git holds the lock of the repository that the folder is in, as a checkout, merge or rebase does.

    A lock left by a git that crashed looks the same: whoever asks is to wait for a limited time only.
    """
    for candidate in (folder, *folder.parents):
        git = candidate / ".git"
        if git.exists():
            return (_git_folder(git) / "index.lock").exists()
    return False


def _git_folder(git: Path) -> Path:
    """In a worktree or submodule `.git` is a file that names the folder."""
    if not git.is_file():
        return git
    named = git.read_text(encoding="utf-8", errors="surrogateescape").removeprefix("gitdir:").strip()
    return git.parent / named
