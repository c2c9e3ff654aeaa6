"""A field for words."""

from __future__ import annotations

from textual.widgets import Input


class Field(Input):
    """One line high; its cursor does not blink, since while nothing changes nothing is to be drawn."""

    def __init__(self, placeholder: str, id: str | None = None) -> None:
        super().__init__(placeholder=placeholder, id=id, compact=True)
        self.cursor_blink = False
