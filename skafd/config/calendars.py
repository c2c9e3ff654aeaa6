"""`except:` of a schedule: days, spans of days, or a file of them; `start:` and `end:`."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from datetime import date, datetime, timedelta
from pathlib import Path

from skafd.config.nodes import quote
from skafd.config.problems import Code, Problems
from skafd.config.shapes import Entry

_DATE = re.compile(r"\d{4}-\d{2}-\d{2}")
_LOOKS_LIKE_DAY = re.compile(r"\d{4}-|\d{1,2}[./-]")
_MOST_DAYS = 10_000
_LARGEST_FILE_BYTES = 2**20
_HOW = "write days as 2026-12-25, spans as 2026-12-24 to 2027-01-01"


def read_days(entry: Entry | None, folder: Path | None, problems: Problems) -> tuple[str, ...]:
    """The days that are left out, ascending; what is none is noted. Without a folder, files are not looked for."""
    found: set[date] = set()
    for item in entry.value if entry else ():
        if _LOOKS_LIKE_DAY.match(item.value):
            try:
                found |= set(_days(item.value))
            except ValueError as error:
                problems.error(Code.SCHEDULE, item.node, str(error), _HOW)
        elif folder is not None:
            found |= _read_file(item, folder, problems)
    return tuple(day.isoformat() for day in sorted(found))


def read_edge(entry: Entry | None, problems: Problems) -> str | None:
    """A local day or time as ISO 8601; None after noting that it is neither."""
    if entry is None:
        return None
    text: str = entry.value
    try:
        datetime.fromisoformat(text)
    except ValueError:
        hint = "write it as 2026-03-01 or 2026-03-01T06:00"
        problems.error(Code.SCHEDULE, entry.node, f"{quote(text)} is neither a day nor a time of a day", hint)
        return None
    return text


def _read_file(item: Entry, folder: Path, problems: Problems) -> set[date]:
    path = folder / item.value
    try:
        if ".." in Path(os.path.normpath(item.value)).parts or Path(item.value).is_absolute():
            raise ValueError(f"{quote(item.value)} is outside the project's folder")
        if not path.is_file() or path.stat().st_size > _LARGEST_FILE_BYTES:
            raise ValueError(f"{quote(item.value)} is neither a day nor a file of days in the project")
        return set(_lines(item.value, path.read_text(encoding="utf-8")))
    except (OSError, ValueError) as error:
        problems.error(Code.SCHEDULE, item.node, str(error), _HOW)
        return set()


def _lines(name: str, text: str) -> Iterator[date]:
    for number, line in enumerate(text.splitlines(), 1):
        written = line.partition("#")[0].strip()
        try:
            yield from _days(written) if written else ()
        except ValueError as error:
            raise ValueError(f"line {number} of {name}: {error}") from error


def _days(text: str) -> Iterator[date]:
    """One day, or all from one to another. Raises ValueError."""
    first, _, last = (part.strip() for part in text.partition(" to "))
    start, end = _day(first), _day(last or first)
    if not timedelta() <= end - start <= timedelta(days=_MOST_DAYS):
        raise ValueError(f"{quote(text)} is no span of days: it goes from the earlier to the later")
    for number in range((end - start).days + 1):
        yield start + timedelta(days=number)


def _day(text: str) -> date:
    if not _DATE.fullmatch(text):
        raise ValueError(f"{quote(text)} is no day")
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise ValueError(f"there is no day {text}") from None
