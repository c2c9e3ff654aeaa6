"""Small project folders for tests of deployments and environments."""

from __future__ import annotations

from pathlib import Path

CONFIG = "name: churn\njobs:\n  - job_id: ingest\n    name: ingest\n    language: python\n    entrypoint: main.py\n"


def write(folder: Path, **files: str) -> None:
    """Writes files by their names, in which `__` stands for `/` and the last `_` for `.`."""
    for name, text in files.items():
        stem, _, extension = name.replace("__", "/").rpartition("_")
        path = folder / f"{stem}.{extension}"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)


def make_project(folder: Path) -> Path:
    """A valid project with one job."""
    folder.mkdir(parents=True)
    (folder / "metis.config.yml").write_text(CONFIG)
    (folder / "main.py").write_text("print('hello')\n")
    return folder


def tree_of(folder: Path) -> set[str]:
    """Relative paths of all files and links below a folder."""
    return {str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file() or path.is_symlink()}
