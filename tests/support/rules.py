"""The rules of `docs/graph.md`: a test quotes the sentence that it proves."""

from __future__ import annotations

from pathlib import Path

PAGE = Path(__file__).resolve().parents[2] / "docs" / "graph.md"


def states_rule(sentence: str) -> None:
    """Fails unless the page says exactly this, wherever its lines break."""
    assert sentence in " ".join(PAGE.read_text().split()), f"docs/graph.md does not say: {sentence}"
