"""What never belongs to a deployment, whatever a project's ignore files say."""

from __future__ import annotations

import os
import re
from fnmatch import translate

_FOLDERS = frozenset(
    {
        *(".git", ".hg", ".svn", ".bzr"),
        *(".venv", "venv", "node_modules"),
        *("__pycache__", ".ipynb_checkpoints", ".mypy_cache", ".pytest_cache", ".ruff_cache", ".hypothesis"),
        *(".tox", ".nox", ".idea", ".vscode"),
        ".metaflow",  # what flows leave, beside the code
    }
)
_ENVIRONMENT_MARKERS = ("pyvenv.cfg", "conda-meta")
# `.git` is a file in a worktree or a submodule. 4913 is the name by which vim tries whether it may write to a folder.
_FILES = frozenset({".git", ".DS_Store", "4913"})
_PATTERNS = (
    *("*.pyc", "*.pyo"),
    *(".*.sw?", "*~", ".#*", "#*#"),  # vim, nano, emacs
    *(".goutputstream-*", "*.kate-swp", ".~lock.*#"),  # gedit, kate, LibreOffice
    *("*___jb_tmp___", "*___jb_old___"),  # PyCharm
    *(".nfs*", ".fuse_hidden*"),  # what file systems leave for a file that is deleted while it is open
)
_TEMPORARY = re.compile("|".join(translate(pattern) for pattern in _PATTERNS))


def is_folder_left_out(name: str, path: str) -> bool:
    """Whether the folder `path`, called `name`, is version control, a virtual environment, a cache or an editor's."""
    return name in _FOLDERS or any(os.path.exists(f"{path}/{marker}") for marker in _ENVIRONMENT_MARKERS)  # noqa: PTH110


def is_file_left_out(name: str) -> bool:
    """Whether a file of that name is compiled code or an editor's temporary file."""
    return name in _FILES or _TEMPORARY.match(name) is not None
