"""pyspark as the cluster and the jobs find it: that of skafd[spark], beside the SDK, readable by every user."""

from __future__ import annotations

import os
import re
import shutil
import tempfile
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, metadata, version
from importlib.util import find_spec
from pathlib import Path

from skafd.errors import Refused
from skafd.files import sync_file_system
from skafd.home import Home

_PACKAGES = ("pyspark", "py4j")


@dataclass(frozen=True, slots=True)
class Installation:
    """One version of pyspark."""

    version: str
    packages: Path
    """What goes on the path of Python programs that have no pyspark."""
    lowest_python: tuple[int, ...] = (3, 10)

    @property
    def spark_home(self) -> Path:
        """With `bin/spark-class` and the jars."""
        return self.packages / "pyspark"

    @property
    def spark_class(self) -> Path:
        """What starts every process of Spark's."""
        return self.spark_home / "bin" / "spark-class"


def find_installation(home: Home) -> Installation:
    """Where `install_pyspark` puts it; need not be there yet. Raises Refused where skafd has no pyspark."""
    try:
        number, about = version("pyspark"), metadata("pyspark")
    except PackageNotFoundError:
        raise Refused(
            "Spark comes with skafd[spark], which is not installed",
            "install it where skafd is, and restart the daemon: pip install 'skafd[spark]'",
        ) from None
    lowest = re.search(r">=\s*(\d+)\.(\d+)", about["Requires-Python"] or "")
    python = (int(lowest[1]), int(lowest[2])) if lowest else (3, 10)
    return Installation(number, home.spark / f"pyspark-{number}", python)


def install_pyspark(home: Home) -> Installation:
    """Makes it there: links to skafd's own files where the disk can, so that an upgrade changes nothing under a job.

    Raises Refused, OSError.
    """
    found = find_installation(home)
    if not found.packages.is_dir():
        unfinished = Path(tempfile.mkdtemp(prefix=".", dir=home.spark))
        for name in _PACKAGES:
            shutil.copytree(_source(name), unfinished / name, copy_function=_link)
        unfinished.chmod(0o755)
        sync_file_system(unfinished)
        try:
            unfinished.rename(found.packages)
        except OSError:
            # Another deployment was faster.
            shutil.rmtree(unfinished)
    return found


def _source(name: str) -> Path:
    found = find_spec(name)
    if found is None or found.origin is None:
        raise Refused(f"skafd's own {name} is incomplete", "install it anew: pip install --force-reinstall pyspark")
    return Path(found.origin).parent


def _link(source: str, target: str) -> None:
    try:
        os.link(source, target)
    except OSError:
        shutil.copy2(source, target)
