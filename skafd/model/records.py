"""Small immutable types of which the engine makes several at every step."""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from dataclasses import dataclass as record
else:

    def record(*, frozen: bool, slots: bool) -> Any:
        """As `dataclass`, and mypy keeps it frozen. While running nothing does: that takes three times as long."""
        return dataclasses.dataclass(slots=slots, unsafe_hash=frozen)


__all__ = ["record"]
