"""A line of text in a list. Pure."""

from __future__ import annotations

from dataclasses import dataclass

from rich.text import Text


@dataclass(frozen=True, slots=True)
class TextLine:
    """Known by its number."""

    number: int
    text: Text

    @property
    def key(self) -> str:
        """Its number."""
        return str(self.number)
