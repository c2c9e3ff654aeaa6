"""Folders in each other, deeper than Python recurses and than a path can be long."""

from __future__ import annotations

import os
from pathlib import Path

DEPTH = 3000


def make_deep(folder: Path) -> None:
    """Makes them in a folder, with a file in the innermost."""
    inner = os.open(folder, os.O_RDONLY)
    for _ in range(DEPTH):
        os.mkdir("d", dir_fd=inner)
        outer, inner = inner, os.open("d", os.O_RDONLY, dir_fd=inner)
        os.close(outer)
    os.close(os.open("file", os.O_CREAT | os.O_WRONLY, dir_fd=inner))
    os.close(inner)
