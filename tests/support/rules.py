"""The rules of a page of `docs/`: a test quotes the sentence that it proves."""

from __future__ import annotations

from pathlib import Path

DOCS = Path(__file__).resolve().parents[2] / "docs"


def states_rule(sentence: str, page: str = "graph") -> None:
    """Fails unless the page says exactly this, wherever its lines break."""
    assert sentence in " ".join((DOCS / f"{page}.md").read_text().split()), f"docs/{page}.md does not say: {sentence}"
