"""Giving a run tags, and taking them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from skafd.looks.tags import given_and_taken
from skafd.tui.prompt import Prompt
from skafd.tui.undo import Undo

if TYPE_CHECKING:
    from skafd.tui.app import SkafdApp


def ask_for_tags(app: SkafdApp, run: str) -> None:
    """Asks which, and does it; what was given can be taken back."""

    def answered(text: str | None) -> None:
        add, remove = given_and_taken((text or "").split())
        if add or remove:
            undo = Undo(f"the tags of {run} are as before", lambda: app.client.tag_run(run, remove, add))
            app.do(f"{run} is tagged", lambda: app.client.tag_run(run, add, remove), undo)

    app.push_screen(Prompt(f"Tags for {run}", "good, or -good to take it"), answered)
