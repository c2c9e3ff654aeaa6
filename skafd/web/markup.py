"""Small pieces of HTML. Whatever comes from elsewhere is escaped here. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from html import escape
from urllib.parse import quote

from skafd.looks.words import FAILURES

REFRESH_SECONDS = 5
_STYLE = """
:root { color-scheme: light dark; }
body { font: 14px/1.5 ui-monospace, monospace; margin: 1.5rem auto; max-width: 76rem; padding: 0 1rem; }
h1 { font-size: 1.2rem; } h2 { font-size: 1rem; margin-top: 2rem; }
table { border-collapse: collapse; width: 100%; }
th, td { text-align: left; padding: .1rem 1rem .1rem 0; vertical-align: top; }
th { font-weight: normal; opacity: .6; }
pre { overflow-x: auto; }
.good { color: #2a8a3a; } .bad { color: #d0342c; font-weight: bold; } .busy { color: #1779ba; }
.quiet { opacity: .6; } .drawn { white-space: pre; }
"""
_CLASSES = {"succeeded": "good", "running": "busy", "starting": "busy"}


def page(title: str, body: str, refresh: bool = True) -> str:
    """A whole page, which is loaded again by itself every few seconds while something may change."""
    again = f'<meta http-equiv="refresh" content="{REFRESH_SECONDS}">' if refresh else ""
    head = f'<meta charset="utf-8"><meta name="viewport" content="width=device-width">{again}'
    head += f"<title>{escape(title)}</title><style>{_STYLE}</style>"
    return f'<!doctype html><html lang="en"><head>{head}</head><body>{body}</body></html>'


def text(value: object, kind: str = "") -> str:
    """Some words, perhaps of a kind: good, bad, busy or quiet."""
    said = escape("" if value is None else str(value))
    return f'<span class="{kind}">{said}</span>' if kind else said


def state(name: str | None) -> str:
    """The word of a state."""
    kind = "bad" if name in FAILURES else _CLASSES.get(name or "", "quiet")
    return text(name or "never ran", kind)


def link(base: str, path: str, words: str) -> str:
    """A link to another of our pages; `base` is where all of them begin."""
    return f'<a href="{escape(base + quote(path, safe="/"))}">{escape(words)}</a>'


def table(headers: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """Rows of cells that are HTML already."""
    head = "".join(f"<th>{escape(header)}</th>" for header in headers)
    lines = "".join("<tr>" + "".join(f"<td>{cell}</td>" for cell in row) + "</tr>" for row in rows)
    return f"<table><tr>{head}</tr>{lines}</table>"
