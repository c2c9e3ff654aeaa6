"""Five-field cron with Debian's semantics, by cronsim.

A fixed wall time runs once per local day: in the gap of a clock change at the first valid instant after, in the
fold the first time only. Expressions whose minute or hour begins with `*` follow elapsed time.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, tzinfo

from cronsim import CronSim, CronSimError

from skafd.schedule.cron_hints import explain_refusal, explain_unknown_macro

MACROS = {
    "@hourly": "0 * * * *",
    "@daily": "0 0 * * *",
    "@midnight": "0 0 * * *",
    "@weekly": "0 0 * * 0",
    "@monthly": "0 0 1 * *",
    "@yearly": "0 0 1 1 *",
    "@annually": "0 0 1 1 *",
}
_ANY_DAY = datetime(2000, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Cron:
    """The instants of a five-field cron in a zone."""

    fields: str
    timezone: str
    zone: tzinfo

    def after(self, instant: datetime) -> Iterator[datetime]:
        """All instants strictly after `instant`, ascending; ends where there is none for 50 years."""
        latest = instant
        for local in CronSim(self.fields, instant.astimezone(self.zone)):
            found = local.astimezone(UTC)
            # In a fold the wall clock shows times again that have been: those were the first, and the only.
            if found > latest:
                latest = found
                yield found

    def next_after(self, instant: datetime) -> datetime | None:
        """The first instant strictly after `instant`; None when there is none for 50 years."""
        return next(self.after(instant), None)

    def describe(self) -> str:
        """The rule in words."""
        words = CronSim(self.fields, _ANY_DAY).explain()
        return f"{words[:1].lower()}{words[1:]}, {self.timezone}"


def parse(text: str, timezone: str, zone: tzinfo) -> Cron:
    """Reads five fields. Raises ScheduleError that says which is wrong and what was probably meant."""
    fields = " ".join(text.split())
    if fields.count(" ") != 4 or not _fires(fields):
        raise explain_refusal(fields, _fires)
    return Cron(fields, timezone, zone)


def parse_macro(text: str, timezone: str, zone: tzinfo) -> Cron:
    """Reads `@daily` and its like. Raises ScheduleError."""
    fields = MACROS.get(text.casefold())
    if fields is None:
        raise explain_unknown_macro(text, MACROS)
    return Cron(fields, timezone, zone)


def _fires(fields: str) -> bool:
    try:
        instants: Iterator[datetime] = CronSim(fields, _ANY_DAY)
    except CronSimError:
        return False
    return next(instants, None) is not None
