"""Removing a tree of files that jobs have made."""

from __future__ import annotations

import logging
import os
import shutil
from contextlib import suppress
from pathlib import Path

log = logging.getLogger("skafd.housekeeping")


def remove_tree(folder: Path) -> bool:
    """Removes a folder with all that is in it; links are removed, not followed.

    False, with a line in the log, when something of it stays.
    """
    try:
        _remove(folder)
    except OSError:
        # A job may have closed a folder to everybody, itself included.
        _open_up(folder)
        try:
            _remove(folder)
        except OSError as error:
            log.warning("%s cannot be removed, which is tried again tomorrow: %s", folder, error)
            return False
    return True


def _remove(folder: Path) -> None:
    with suppress(FileNotFoundError):
        shutil.rmtree(folder)


def _open_up(folder: Path) -> None:
    with suppress(OSError):
        folder.chmod(0o700)
    for parent, names, _ in os.walk(folder):
        for name in names:
            path = Path(parent, name)
            if not path.is_symlink():
                with suppress(OSError):
                    path.chmod(0o700)
