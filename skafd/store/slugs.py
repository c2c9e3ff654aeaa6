"""Project names made fit for paths, URLs and command lines."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable
from itertools import count

LONGEST_SLUG = 60


def slug_of(name: str) -> str:
    """The name with only ASCII letters, digits and `. _ -` left: `Größe & Menge` becomes `Groe-Menge`."""
    plain = unicodedata.normalize("NFKD", name).encode("ascii", "ignore").decode()
    slug = re.sub(r"[^A-Za-z0-9._-]+", "-", plain)[:LONGEST_SLUG].strip("-.")
    return slug or "project"


def first_free(wanted: str, is_taken: Callable[[str], bool]) -> str:
    """`wanted`, else `wanted-2`, `wanted-3` and so on, whichever is free first."""
    candidates = (wanted if number == 1 else f"{wanted}-{number}" for number in count(1))
    return next(candidate for candidate in candidates if not is_taken(candidate))
