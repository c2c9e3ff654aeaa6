"""All keys of a screen."""

from __future__ import annotations

from typing import Any, ClassVar

from rich.text import Text
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import VerticalScroll
from textual.screen import ModalScreen, Screen
from textual.widgets import Static

_NAMES = {
    "question_mark": "?",
    "colon": ":",
    "slash": "/",
    "escape": "esc",
    "pageup": "pgup",
    "pagedown": "pgdn",
    "space": "space",
}

_EVERYWHERE = ("scroll_", "page_left", "page_right", "app.focus", "screen.copy")
"""What every screen of every program can do."""


class HelpScreen(ModalScreen[None]):
    """Goes away with any of the keys that end things."""

    BINDINGS: ClassVar[list[BindingType]] = [Binding("escape,q,question_mark,enter", "dismiss", "Close")]
    DEFAULT_CSS = """
    HelpScreen { align: center middle; }
    HelpScreen > VerticalScroll { width: 60; max-width: 95%; height: auto; max-height: 90%; padding: 1 3; }
    HelpScreen > VerticalScroll { border: round $accent; background: $surface; }
    """

    def __init__(self, of: Screen[Any]) -> None:
        super().__init__()
        self._of = of

    def compose(self) -> ComposeResult:
        """One line for each thing that can be done."""
        with VerticalScroll():
            yield Static(keys_text(self._of))

    def action_dismiss(self, _result: None = None) -> None:  # type: ignore[override]
        """Goes back."""
        self.dismiss()


def keys_text(screen: Screen[Any]) -> Text:
    """Keys and what they do; several keys of one action share a line."""
    keys: dict[str, list[str]] = {}
    for key, active in screen.active_bindings.items():
        if active.binding.description and active.enabled and not active.binding.action.startswith(_EVERYWHERE):
            keys.setdefault(active.binding.description, []).append(_NAMES.get(key, key))
    text = Text("Keys\n\n", "bold")
    for description, names in keys.items():
        text.append(f"{' '.join(names):<18}", "bold cyan").append(f"{description}\n", "")
    return text.append("\nThe mouse works too: click, double-click, wheel.", "dim")
