"""The front door of `skafd` and of `skafos`, its old name."""

from __future__ import annotations

import gc
import os
import sys
from pathlib import Path

from skafd import __version__

_OBJECTS = 300_000


def main() -> None:
    """Runs the command line and ends the process with its exit code."""
    name = Path(sys.argv[0]).stem
    name = name if name in ("skafd", "skafos") else "skafd"
    if sys.argv[1:] == ["--version"]:
        print(f"{name} {__version__}")
        return
    # An answer may hold a hundred thousand objects, and looking through them again and again is slow.
    gc.set_threshold(_OBJECTS)
    # Only now: building the commands takes longer than most people wait for a version.
    from skafd.commands.application import run

    code = run(sys.argv[1:], name)
    sys.stderr.flush()
    # Taking apart what an answer was made of takes longer than many an answer, and nobody waits for it.
    os._exit(code)
