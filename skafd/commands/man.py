"""`skafd man`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from skafd.commands.shape import new_app

app = new_app()


@app.command()
def man(
    folder: Annotated[Path, typer.Argument(metavar="DIR", file_okay=False, help="Made if it is not there.")],
) -> None:
    """Write the manual pages, one for each command.

    \b
    Examples:
      skafd man ~/.local/share/man/man1 && man skafd-up
      sudo skafd man /usr/local/share/man/man1
    """
    from skafd.commands.application import app as skafd
    from skafd.commands.manual import write_pages

    written = write_pages(typer.main.get_command(skafd), folder)
    print(f"wrote {len(written)} pages to {folder}; `man skafd` shows the first")
