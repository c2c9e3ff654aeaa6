"""What to say of a cron that cannot be read: which field is wrong, and what was probably meant."""

from __future__ import annotations

import difflib
import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass

from skafd.errors import ScheduleError

_DAYS = ("SUN", "MON", "TUE", "WED", "THU", "FRI", "SAT")
_MONTHS = ("JAN", "FEB", "MAR", "APR", "MAY", "JUN", "JUL", "AUG", "SEP", "OCT", "NOV", "DEC")
_COUNTS = ("no", "one", "two", "three", "four", "five", "six", "seven")


@dataclass(frozen=True, slots=True)
class _Field:
    name: str
    low: int
    high: int
    names: tuple[str, ...] = ()

    @property
    def allowed(self) -> str:
        names = f" or {self.names[0]} to {self.names[-1]}" if self.names else ""
        return f"{self.low} to {self.high}{names}"


_FIELDS = (
    _Field("minute", 0, 59),
    _Field("hour", 0, 23),
    _Field("day of month", 1, 31),
    _Field("month", 1, 12, _MONTHS),
    _Field("day of week", 0, 7, _DAYS),
)


def explain_refusal(fields: str, is_valid: Callable[[str], bool]) -> ScheduleError:
    """The error for `fields`, separated by single spaces; `is_valid` tells a good suggestion from a bad one."""
    parts = fields.split(" ")
    if len(parts) != len(_FIELDS):
        return _wrong_count(parts, is_valid)
    for position, field in enumerate(_FIELDS):
        alone = ["*"] * len(_FIELDS)
        alone[position] = parts[position]
        if not is_valid(" ".join(alone)):
            return _wrong_field(field, parts[position])
    return ScheduleError(
        f"the cron `{fields}` never fires: no such day comes in those months",
        "for the last day of a month write `L`, as in `0 0 L * *`",
    )


def explain_unknown_macro(text: str, known: Iterable[str]) -> ScheduleError:
    """The error for an `@word` that is none."""
    if text.casefold() == "@reboot":
        return ScheduleError(
            "`@reboot` has no meaning here", "a job without a schedule runs once when its project is deployed"
        )
    near = difflib.get_close_matches(text.casefold(), list(known), n=1, cutoff=0.5)
    hint = f"did you mean `{near[0]}`?" if near else "there are " + ", ".join(known)
    return ScheduleError(f"the schedule `{text}` is not known", hint)


def _wrong_count(parts: list[str], is_valid: Callable[[str], bool]) -> ScheduleError:
    count = _COUNTS[len(parts)] if len(parts) < len(_COUNTS) else str(len(parts))
    candidates = {4: ["0", *parts], 6: parts[1:]}
    suggestion = " ".join(candidates.get(len(parts), parts)).replace("?", "*")
    hint = "write minute, hour, day of month, month and day of week, as in `0 11 * * *`, or `every 5 minutes`"
    if is_valid(suggestion):
        hint = f"did you mean `{suggestion}`?"
        if len(parts) == 6:
            hint += " There is no field for seconds; for those write `every 30 seconds`"
    return ScheduleError(f"a cron has five fields, this has {count}: `{' '.join(parts)}`", hint)


def _wrong_field(field: _Field, text: str) -> ScheduleError:
    message = f"the {field.name} `{text}` is not understood"
    return ScheduleError(message, _field_hint(field, text))


def _field_hint(field: _Field, text: str) -> str:
    if "?" in text:
        return "write `*` for any"
    if re.search(r"/0*(\D|$)", text):
        return "a step is a number from 1, as in `*/5`"
    for word in re.findall(r"[A-Za-z]+", text):
        if word.upper() not in field.names:
            return _name_hint(field, word)
    for start, end in re.findall(r"(\w+)-(\w+)", text):
        if _number(field, start) > _number(field, end) and _number(field, start) <= field.high:
            return _backwards_hint(field, start, end)
    return f"the {field.name} goes from {field.allowed}"


def _name_hint(field: _Field, word: str) -> str:
    near = [name for name in field.names if word.upper().startswith(name)]
    near = near or difflib.get_close_matches(word.upper(), field.names, n=1, cutoff=0.5)
    if near:
        return f"did you mean `{near[0]}`?"
    return f"the {field.name} goes from {field.allowed}"


def _backwards_hint(field: _Field, start: str, end: str) -> str:
    if field.names == _DAYS and _number(field, end) == 0:
        return f"did you mean `{_number(field, start)}-7`? A range goes upwards, and Sunday is 0 and 7"
    return f"a range goes upwards: did you mean `{start}-{field.high},{field.low}-{end}`?"


def _number(field: _Field, text: str) -> int:
    if text.upper() in field.names:
        return field.names.index(text.upper()) + field.low
    return int(text) if text.isdigit() else -1
