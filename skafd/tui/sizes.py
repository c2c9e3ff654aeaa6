"""How the screens share the terminal."""

from __future__ import annotations

WIDE_COLUMNS = 110
"""From so many columns on, what is known of a line stands beside the list, and below it otherwise."""
DETAIL_COLUMNS, DETAIL_LINES = 44, 7
"""Of what is known of a line."""
SETTLE_SECONDS = 0.1
"""So long the cursor rests on a line before the daemon is asked about it."""


def detail_beside(screen: str) -> str:
    """The style of `#detail`, what is known of a line, in a screen: right of the list, or below where it is narrow."""
    return f"""
    {screen} #detail {{ width: {DETAIL_COLUMNS}; padding: 0 1; border-left: solid $panel; }}
    {screen}.-narrow #both {{ layout: vertical; }}
    {screen}.-narrow #detail {{ width: 100%; height: {DETAIL_LINES}; border-left: none; border-top: solid $panel; }}
    """
