"""The day whose packages count, as it is said by hand."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from pathlib import Path

from skafd.errors import Refused
from skafd.model.environment import AUTO

CONFIG = "config"
"""In the place of a day: what the project's config says."""


def checked_day(text: str | None, folders: Sequence[Path]) -> str | None:
    """The day, in ISO form. Raises Refused for what is none, and where nothing says for which projects."""
    if text is None or text in (AUTO, CONFIG):
        found = text
    else:
        try:
            found = date.fromisoformat(text).isoformat()
        except ValueError as error:
            hint = f"write it as 2018-11-01, or `{AUTO}` for that of the last commit, or `{CONFIG}` to take it back"
            raise Refused(f"{text!r} is no day", hint) from error
    if found is not None and not folders:
        raise Refused("a day counts for projects that are named", "name the folder: skafd up DIR --resolve-as-of DAY")
    return found


def note_of(day: str | None) -> list[str]:
    """What people should know of packages that are not as the config says."""
    if day is None:
        return []
    meant = "of the day of the last commit to the requirements" if day == AUTO else f"as of {day}"
    return [f"packages are those {meant}, as was said by hand: `skafd up --resolve-as-of {CONFIG}` takes that back"]
