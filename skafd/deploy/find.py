"""Which projects a folder is or holds."""

from __future__ import annotations

from pathlib import Path

from skafd.deploy.left_out import is_folder_left_out

CONFIG_FILE = "metis.config.yml"


def find_projects(folder: Path) -> tuple[Path, ...]:
    """The folder itself if it is a project, else the projects directly in it, sorted. Raises OSError."""
    if (folder / CONFIG_FILE).is_file():
        return (folder,)
    children = (child for child in folder.iterdir() if not is_folder_left_out(child.name, str(child)))
    return tuple(sorted(child for child in children if (child / CONFIG_FILE).is_file()))
