"""A question that is answered with words."""

from __future__ import annotations

from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.screen import ModalScreen
from textual.widgets import Input, Static

from skafd.tui.field import Field


class Prompt(ModalScreen[str]):
    """The words, or None for no answer."""

    BINDINGS: ClassVar[list[BindingType]] = [Binding("escape", "cancel", "Cancel")]
    DEFAULT_CSS = """
    Prompt { align: center middle; }
    Prompt > Vertical { width: 60; max-width: 90%; height: auto; padding: 1 3; }
    Prompt > Vertical { border: round $accent; background: $surface; }
    """

    def __init__(self, question: str, example: str) -> None:
        super().__init__()
        self._question = question
        self._example = example

    def compose(self) -> ComposeResult:
        """The question, and a field."""
        with Vertical():
            yield Static(self._question, markup=False)
            yield Field(self._example)

    def on_mount(self) -> None:
        """Ready to type."""
        self.query_one(Input).focus()

    def on_input_submitted(self, event: Input.Submitted) -> None:
        """Goes back with the words."""
        self.dismiss(event.value)

    def action_cancel(self) -> None:
        """Goes back with nothing."""
        self.dismiss(None)
