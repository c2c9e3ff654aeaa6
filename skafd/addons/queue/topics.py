"""Routing keys and patterns, as AMQP's topic exchanges have them."""

from __future__ import annotations


def matches(pattern: str, key: str) -> bool:
    """Whether a binding with the pattern takes the key: `*` is one word, `#` any number of them, also none."""
    words = _words(key)
    reached = {0}
    for wanted in _words(pattern):
        if not reached:
            return False
        if wanted == "#":
            reached = set(range(min(reached), len(words) + 1))
        else:
            reached = {at + 1 for at in reached if at < len(words) and wanted in ("*", words[at])}
    return len(words) in reached


def _words(text: str) -> list[str]:
    return text.split(".") if text else []
