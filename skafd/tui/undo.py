"""What takes back the last thing that was done."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Undo:
    """`said` when the work is done. The work may block, and raise SkafdErrors."""

    said: str
    work: Callable[[], object]
