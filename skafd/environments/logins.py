"""Names and passwords in URLs: taken out of what is kept, and put back from the project's own files when it is used."""

from __future__ import annotations

import re
from collections.abc import Iterable

_LOGIN = re.compile(r"://(?P<login>[^/\s@]+)@(?P<host>[^/\s:]+)")
_HIDDEN = "****"


def without_logins(lines: Iterable[str]) -> tuple[str, ...]:
    """The lines with stars in the place of names and passwords."""
    return tuple(_LOGIN.sub(rf"://{_HIDDEN}@\g<host>", line) for line in lines)


def with_logins(lines: Iterable[str], texts: Iterable[str]) -> tuple[str, ...]:
    """The lines with those logins that the texts have for the same hosts."""
    known = {found["host"]: found["login"] for text in texts for found in _LOGIN.finditer(text)}

    def fill(found: re.Match[str]) -> str:
        login = known.get(found["host"], found["login"]) if found["login"] == _HIDDEN else found["login"]
        return f"://{login}@{found['host']}"

    return tuple(_LOGIN.sub(fill, line) for line in lines)
