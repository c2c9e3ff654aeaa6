"""The front door of `skafd` and of `skafos`, its old name."""

from __future__ import annotations

import sys
from pathlib import Path

from skafd import __version__


def main() -> None:
    """Runs the command line and ends the process with its exit code."""
    name = Path(sys.argv[0]).stem
    name = name if name in ("skafd", "skafos") else "skafd"
    if sys.argv[1:] == ["--version"]:
        print(f"{name} {__version__}")
        return
    # Only now: building the commands takes longer than most people wait for a version.
    from skafd.commands.application import run

    sys.exit(run(sys.argv[1:], name))
