"""The first instant of an expression after another, found once for all jobs that share it."""

from __future__ import annotations

from datetime import datetime
from functools import lru_cache
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from skafd.schedule.expression import Expression


@lru_cache(maxsize=4096)
def first_after(expression: Expression, instant: datetime) -> datetime | None:
    """The first of `expression.after(instant)`; None when there is none. The same text is the same expression."""
    return next(expression.after(instant), None)
