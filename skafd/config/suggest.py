"""The word that was probably meant."""

from __future__ import annotations

import difflib
from collections.abc import Iterable


def closest(word: str, known: Iterable[str]) -> str | None:
    """The known word nearest to `word`, whatever its case and its dashes; None when none is near."""
    folded = {_fold(name): name for name in known}
    near = difflib.get_close_matches(_fold(word[:100]), folded, n=1, cutoff=0.7)
    return folded[near[0]] if near else None


def _fold(word: str) -> str:
    return word.strip().lower().replace("-", "_").replace(" ", "_")
