"""What the api says of the pages of `skafd open`: their shape, and what is asked of the daemon for them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol


@dataclass(frozen=True, slots=True)
class PagesInfo:
    url: str
    """On 127.0.0.1, with a token: whoever on this machine knows it can read the pages."""


class PagesBackend(Protocol):
    """What the api needs of whoever serves the pages."""

    def open_pages(self) -> PagesInfo:
        """From now on, if not already."""

    def close_pages(self) -> None:
        """Raises Refused where they are not open."""
