"""`skafd metaflow`."""

from __future__ import annotations

from pathlib import Path

import skafd
from skafd.commands.shape import new_app

app = new_app()


@app.command()
def metaflow() -> None:
    """Print the folder that lets flows deploy themselves.

    It is for the path of the interpreter that runs your flows; nothing is installed.

    \b
    Example:
      export PYTHONPATH=$(skafd metaflow)
      python flow.py skafd create
    """
    print(Path(skafd.__file__).parent / "metaflow" / "extension")
