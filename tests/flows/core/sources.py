"""Metaflow's sources and an environment with the same Metaflow, each made once."""

from __future__ import annotations

import os
import subprocess
import sys
import tarfile
import urllib.request
from pathlib import Path

VERSION = "2.19.38"
ARCHIVE = f"https://github.com/Netflix/metaflow/archive/refs/tags/{VERSION}.tar.gz"
SOURCES = "METAFLOW_SOURCES"
"""Names a folder or an archive that has Metaflow's sources already."""
_UV = Path(sys.executable).with_name("uv")


def sources(folder: Path) -> Path:
    """The root of the sources: where the variable says, else fetched into the folder."""
    given = Path(os.environ.get(SOURCES, ""))
    if os.environ.get(SOURCES) and given.is_dir():
        return given
    target = folder / f"metaflow-{VERSION}"
    if not (target / "test").is_dir():
        archive = given if os.environ.get(SOURCES) else _fetch(folder)
        with tarfile.open(archive) as opened:
            opened.extractall(folder, filter="data")
    return target


def environment(folder: Path, root: Path, version: str = VERSION) -> Path:
    """The interpreter of an environment with Metaflow and what its tests want installed."""
    python = folder / f"environment-{version}" / "bin" / "python"
    if not (python.parent / "metaflow").exists():
        packages = sorted(str(path) for path in (root / "test" / "extensions" / "packages").iterdir())
        _run(str(_UV), "venv", "--quiet", "--clear", "--python", sys.executable, str(python.parents[1]))
        add(python, f"metaflow=={version}", "setuptools", *packages)
    return python


def add(python: Path, *packages: str) -> None:
    """Installs packages for an interpreter."""
    _run(str(_UV), "pip", "install", "--quiet", "--python", str(python), *packages)


def _fetch(folder: Path) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    archive = folder / f"{VERSION}.tar.gz"
    try:
        with urllib.request.urlopen(ARCHIVE) as answer:
            archive.write_bytes(answer.read())
    except OSError as error:
        sys.exit(f"{ARCHIVE} cannot be fetched ({error}): {SOURCES} may name a folder or an archive that is here")
    return archive


def _run(*command: str) -> None:
    subprocess.run(command, check=True)
