"""Time zones by their IANA names."""

from __future__ import annotations

import difflib
import zoneinfo
from datetime import UTC, tzinfo

from skafd.errors import ScheduleError

_UTC_NAMES = frozenset({"UTC", "Etc/UTC", "GMT", "Etc/GMT", "Zulu", "UCT"})


def find_zone(name: str) -> tzinfo:
    """The zone of that name. Raises ScheduleError with the nearest name there is."""
    if name in _UTC_NAMES:
        return UTC  # cronsim is several times faster with this object than with ZoneInfo("UTC")
    try:
        return zoneinfo.ZoneInfo(name)
    except (zoneinfo.ZoneInfoNotFoundError, ValueError, OSError) as error:
        raise ScheduleError(f"there is no time zone {name!r}", _hint(name)) from error


def _hint(name: str) -> str:
    folded = {known.casefold(): known for known in zoneinfo.available_timezones() if "/" in known}
    wanted = name.strip().replace(" ", "_").casefold()
    cities = sorted(known for key, known in folded.items() if key.endswith("/" + wanted))
    near = [folded[key] for key in difflib.get_close_matches(wanted, folded, n=1, cutoff=0.75)]
    exact = [folded[wanted]] if wanted in folded else []
    for candidate in exact + cities + near:
        return f"did you mean {candidate}?"
    return "write it as an IANA name such as Europe/Berlin or UTC"
