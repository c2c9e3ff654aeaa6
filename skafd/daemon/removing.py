"""Removing a tree of files that jobs have made."""

from __future__ import annotations

import logging
from pathlib import Path

from skafd.sandbox.removing import remove

log = logging.getLogger("skafd.housekeeping")


def remove_tree(folder: Path) -> bool:
    """Removes a folder with all that is in it; links are removed, not followed.

    False, with a line in the log, when something of it stays.
    """
    try:
        remove(str(folder))
    except OSError as error:
        log.warning("%s cannot be removed, which is tried again tomorrow: %s", folder, error)
        return False
    return True
