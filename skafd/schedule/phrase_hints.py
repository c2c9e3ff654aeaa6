"""What to say of a phrase that is not understood: the nearest one that is."""

from __future__ import annotations

import difflib
import re
from collections.abc import Callable, Iterator

from skafd.errors import ScheduleError
from skafd.schedule.phrase import WEEKDAYS, ordinal

_WORDS = (
    *("every", "hourly", "daily", "weekly", "monthly", "at", "on", "the", "and", "noon", "midnight", "last", "day"),
    *("weekday", "second", "seconds", "minute", "minutes", "hour", "hours", "days"),
    *WEEKDAYS,
)
_UNITS = {"s": "seconds", "m": "minutes", "min": "minutes", "h": "hours", "d": "days"}
_UNIT_SECONDS = {"second": 1, "minute": 60, "hour": 3600, "day": 86400}
_INSTEAD = {
    "twice": "daily at 06:00 and 18:00",
    "other day": "every 2 days",
    "to friday": "every weekday at 09:00",
    "quarter of an hour": "every 15 minutes",
    "half an hour": "every 30 minutes",
    "half hour": "every 30 minutes",
    "fortnight": "every 14 days",
    "biweekly": "every 14 days",
    "weekend": "every saturday and sunday at 09:00",
    "quarter": "0 0 1 */3 *",
    "year": "@yearly",
    "annual": "@yearly",
    "month": "monthly on the 1st at 06:00",
    "week": "weekly on monday at 09:00",
    "hour": "hourly",
    "day": "daily at 07:30",
}
"""For the first of these words that occurs, something near it that is understood; particular words before general."""
_FORMS = (
    "there are `every 90 seconds`, `hourly`, `daily at 07:30`, `every weekday at 6pm`, `weekly on monday at 9am`, "
    "`monthly on the 1st at 06:00`, and cron's five fields such as `0 11 * * *`"
)


def explain_phrase(text: str, is_valid: Callable[[str], bool]) -> ScheduleError:
    """The error for a phrase; `is_valid` tells a good suggestion from a bad one."""
    shown = " ".join(text.split())
    near = next((one for one in _candidates(shown.casefold()) if one != shown and is_valid(one)), None)
    return ScheduleError(f"the schedule `{shown}` is not understood", f"did you mean `{near}`?" if near else _FORMS)


def _candidates(text: str) -> Iterator[str]:
    """Phrases near to the text, the nearest first."""
    mended = re.sub(r"[^\s,:.\w]", " ", text).strip()
    for mend in (_spell, _expand_units, _add_at, _write_hours, _write_ordinals, _add_every):
        mended = " ".join(mend(mended).split())
        yield mended
    fraction = re.fullmatch(r"every ([0-9]{1,4}\.[0-9]{1,2}) (second|minute|hour|day)s?", mended)
    if fraction:
        yield _whole(float(fraction[1]) * _UNIT_SECONDS[fraction[2]])
    yield f"daily {mended}"
    yield from (instead for word, instead in _INSTEAD.items() if re.search(rf"\b{word}", text))


def _spell(text: str) -> str:
    return re.sub(r"[a-z]{3,}", lambda match: _nearest_word(match[0]), text)


def _nearest_word(word: str) -> str:
    if word in _WORDS:
        return word
    near = difflib.get_close_matches(word, _WORDS, n=1, cutoff=0.75)
    return near[0] if near else word


def _expand_units(text: str) -> str:
    return re.sub(r"\b([0-9]+)\s?(s|m|min|h|d)\b", lambda match: f"{match[1]} {_UNITS[match[2]]}", text)


def _add_at(text: str) -> str:
    """`daily 07:30` to `daily at 07:30`."""
    return re.sub(r"(?<!at )(?<!and )(?<!, )\b([0-9]{1,2}(?::[0-9]{2}|\s?[ap]m))", r"at \1", text, count=1)


def _write_hours(text: str) -> str:
    """`at 7` to `at 07:00`."""
    return re.sub(r"\bat ([0-9]{1,2})$", lambda match: f"at {int(match[1]):02}:00", text)


def _write_ordinals(text: str) -> str:
    """`monthly on 1` to `monthly on the 1st`."""
    return re.sub(
        r"\bmonthly (?:on )?(?:the )?([0-9]{1,2})(?:st|nd|rd|th)?\b",
        lambda match: f"monthly on the {ordinal(int(match[1]))}",
        text,
    )


def _add_every(text: str) -> str:
    """`mondays at 9am` to `every mondays at 9am`, `on monday` to `every monday`."""
    return re.sub(rf"^(?:on )?(?=(?:{'|'.join(WEEKDAYS)}|weekday|[0-9]+ [smhd]))", "every ", text).replace(
        "weekdays", "weekday"
    )


def _whole(seconds: float) -> str:
    for unit, length in reversed(_UNIT_SECONDS.items()):
        if seconds % length == 0:
            return f"every {seconds / length:.0f} {unit}s"
    return f"every {seconds:.0f} seconds"
