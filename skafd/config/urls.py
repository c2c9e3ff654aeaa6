"""Values that are the address of a server."""

from __future__ import annotations

from urllib.parse import urlsplit

from skafd.config.problems import Code, Problems
from skafd.config.shapes import Entry


def read_url(entry: Entry, schemes: tuple[str, ...], problems: Problems, message: str, hint: str) -> str:
    """The address; notes the problem where it has no host, or none of the schemes."""
    try:
        parts = urlsplit(str(entry.value))
        is_good = parts.scheme in schemes and bool(parts.hostname) and parts.port != 0
    except ValueError:
        is_good = False
    if not is_good:
        problems.error(Code.VALUE, entry.node, message, hint)
    return str(entry.value)
