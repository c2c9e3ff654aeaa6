"""What somebody who typed a wrong name may have meant. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from difflib import get_close_matches

_MOST_NAMES = 10


def hint_for(typed: str, names: Sequence[str], what: str) -> str:
    """`did you mean train? its jobs: ingest, train`; of very many names the first."""
    near = get_close_matches(typed.strip().casefold()[:100], {name.casefold(): name for name in names}, 1)
    meant = f"did you mean {next(name for name in names if name.casefold() == near[0])}? " if near else ""
    more = f" and {len(names) - _MOST_NAMES:,} more" if len(names) > _MOST_NAMES else ""
    return f"{meant}{what}: {', '.join(names[:_MOST_NAMES])}{more}"
