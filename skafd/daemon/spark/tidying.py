"""What clusters of Spark's leave on disk: logs of applications, output of executors, pyspark of earlier versions."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from pathlib import Path

from skafd.addons.spark.installation import find_installation
from skafd.daemon.removing import remove_tree
from skafd.errors import Refused
from skafd.home import Home


def tidy_spark(home: Home, before: datetime) -> None:
    """Removes what nobody has written to since `before`."""
    for path in (*_left_by_applications(home), *_earlier_versions(home)):
        if path.lstat().st_mtime < before.timestamp() and not path.is_symlink():
            remove_tree(path) if path.is_dir() else path.unlink(missing_ok=True)


def _left_by_applications(home: Home) -> Iterator[Path]:
    yield from home.spark.glob("cluster*/events/*")
    yield from home.spark.glob("cluster*/work/*/app-*")


def _earlier_versions(home: Home) -> Iterator[Path]:
    try:
        present = find_installation(home).packages
    except Refused:
        return
    for path in home.spark.glob("pyspark-*"):
        if path != present:
            yield path
