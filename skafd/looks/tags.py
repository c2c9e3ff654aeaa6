"""Tags as people write them. Pure."""

from __future__ import annotations

from collections.abc import Sequence


def given_and_taken(words: Sequence[str]) -> tuple[list[str], list[str]]:
    """`+good`, or `good`, gives a tag, and `-good` takes it."""
    given = [word.removeprefix("+") for word in words if not word.startswith("-")]
    return given, [word[1:] for word in words if word.startswith("-")]
