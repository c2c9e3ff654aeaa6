"""The three rules by which expressions meet the changes of local clocks, in the words that people are shown."""

from __future__ import annotations

from enum import StrEnum


class Rule(StrEnum):
    """What an expression follows where a clock is put forward or back."""

    WALL = (
        "A fixed wall time runs once per local day: where the clock skips it, at the first instant after the gap; "
        "where the clock shows it twice, the first time only."
    )
    CLOCK = (
        "A cron whose minute or hour begins with `*` follows elapsed time: it runs at each minute that passes while "
        "the clock shows such a time, so twice where the clock shows it twice, and not where the clock skips it."
    )
    ELAPSED = (
        "An interval follows elapsed time: its instants are multiples of it since 1970 in UTC, whatever the clock "
        "shows."
    )
