"""Commands of the old `skafos` that have no meaning here: each says why, and what does what it did."""

from __future__ import annotations

from collections.abc import Callable
from typing import Annotated

import typer

from skafd.commands.shape import new_app

_SAID = {
    "setup": "nothing has to be set up; begin with `skafd init NAME`",
    "auth": "there is no account: who may use the socket of the state folder may use skafd",
    "orgs": "there are no organizations: each state folder (SKAFD_HOME) is one on its own",
    "whoami": "there is no account: skafd knows you by your user on this machine",
    "remote": "there is no remote to push to: `skafd up DIR` watches a folder and deploys what is saved",
}
NAMES = tuple(_SAID)
"""What `skafos` had and skafd has not."""


def app_of(name: str) -> typer.Typer:
    """The command of that name."""
    app = new_app()
    app.command(
        name, help=f"Explain what became of it.\n\n{_SAID[name]}", context_settings={"ignore_unknown_options": True}
    )(_saying(name))
    return app


def _saying(name: str) -> Callable[[list[str] | None], None]:
    def say(words: Annotated[list[str] | None, typer.Argument(hidden=True)] = None) -> None:
        del words
        print(f"{name}: {_SAID[name]}")

    return say
