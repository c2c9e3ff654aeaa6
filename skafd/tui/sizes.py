"""How the screens share the terminal."""

from __future__ import annotations

WIDE_COLUMNS = 110
"""From so many columns on, what is known of a line stands beside the list, and below it otherwise."""
DETAIL_COLUMNS, DETAIL_LINES = 44, 7
"""Of what is known of a line."""
