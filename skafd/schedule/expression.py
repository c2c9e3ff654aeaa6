"""Any expression that a schedule may be written in, read by `parse`."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import datetime
from functools import lru_cache
from typing import Protocol

from skafd.errors import ScheduleError
from skafd.schedule import cron, interval, phrase
from skafd.schedule.phrase_hints import explain_phrase
from skafd.schedule.rule import Rule
from skafd.schedule.zone import find_zone

_LONGEST = 200
_PLAIN = str.maketrans("“”„«»‘’–—∗＊\u00a0", '"""""\'\'--** ')  # noqa: RUF001 what word processors write
_WORDS = re.compile(r"[a-z]|[0-9.:]+ ?[a-z]", re.IGNORECASE)
"""How a phrase begins, also one that is none; no cron does."""
_QUOTES = "\"'"


class Expression(Protocol):
    """A set of instants, without beginning or end."""

    @property
    def rule(self) -> Rule:
        """What it follows where a local clock changes."""

    def after(self, instant: datetime) -> Iterator[datetime]:
        """All instants strictly after `instant`, ascending; aware and UTC."""

    def next_after(self, instant: datetime) -> datetime | None:
        """The first instant strictly after `instant`, both aware and UTC; None when there is none."""

    def describe(self) -> str:
        """The rule in words."""


@lru_cache(maxsize=4096)
def parse(expression: str, timezone: str = "UTC") -> Expression:
    """Reads a five-field cron, `@hourly` and its like, `every 90 seconds`, or a phrase such as `daily at 07:30`.

    Raises ScheduleError, with a hint, for what is not understood and for what would never fire.
    """
    text = expression.strip()
    found = _read(text, timezone)
    if found is None:
        raise explain_phrase(text, _is_understood)
    return found


def _read(text: str, timezone: str) -> Expression | None:
    """None for words that are no phrase. Raises ScheduleError for what else is wrong."""
    zone = find_zone(timezone)
    _check_characters(text)
    if text.startswith("@"):
        return cron.parse_macro(text, timezone, zone)
    if not _WORDS.match(text):
        return cron.parse(text, timezone, zone)
    if text.casefold() == "hourly":
        return cron.parse_macro("@hourly", timezone, zone)
    return interval.parse(text) or phrase.parse(text, timezone, zone)


def _is_understood(text: str) -> bool:
    """Asks for no hint: that would ask for hints to each hint, without end."""
    try:
        return _read(text, "UTC") is not None
    except ScheduleError:
        return False


def _check_characters(text: str) -> None:
    if not text:
        raise ScheduleError("the schedule is empty", "write a cron such as `0 11 * * *`, or leave `schedule` out")
    if len(text) > _LONGEST:
        raise ScheduleError(f"the schedule is {len(text)} characters long", f"the longest is {_LONGEST}")
    plain = text.translate(_PLAIN).strip(_QUOTES)
    if not plain.isascii() or plain != text:
        raise _refuse_characters(text, plain)


def _refuse_characters(text: str, plain: str) -> ScheduleError:
    if not plain.isascii():
        return ScheduleError(f"the schedule has characters that no cron has: {text}", "write it in plain ASCII")
    if text.strip(_QUOTES) == text and text.translate(_PLAIN).strip(_QUOTES) != text.translate(_PLAIN):
        return ScheduleError(
            f"the schedule has smart quotes, which are no quotes to YAML: {text}",
            f'write "{plain}" in straight quotes',
        )
    return ScheduleError(f"the schedule has characters that no cron has: {text}", f"did you mean `{plain}`?")
