"""`skafd open`."""

from __future__ import annotations

import os
from typing import Annotated

import typer

from skafd.commands.here import client
from skafd.commands.shape import new_app
from skafd.commands.terminal import is_terminal, say

app = new_app()


@app.command("open")
def open_pages(
    close: Annotated[bool, typer.Option("--close", help="Close the pages; their address is none any more.")] = False,
    no_browser: Annotated[bool, typer.Option("--no-browser", help="Only print where they are.")] = False,
) -> None:
    """Open a page in the browser: status, runs and logs, to read.

    The daemon serves it on 127.0.0.1 from now on, until `skafd open --close` or until it ends. Whoever on this machine
    knows the whole address can read it.

    \b
    Examples:
      skafd open
      skafd open --no-browser
      skafd open --close
    """
    api = client()
    if close:
        api.close_pages()
        print("the pages are closed")
        return
    url = api.open_pages()
    print(url)
    if no_browser or not is_terminal():
        return
    import webbrowser

    if not _has_display() or not webbrowser.open(url):
        say("no browser can be opened here; from another machine: ssh -L PORT:127.0.0.1:PORT, with the port above")


def _has_display() -> bool:
    """Without one, a browser of text would take the terminal."""
    return any(os.environ.get(name) for name in ("DISPLAY", "WAYLAND_DISPLAY"))
