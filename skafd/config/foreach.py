"""`foreach:` to the model: a list, numbers, a pattern of paths, or the dependency that publishes a list."""

from __future__ import annotations

import json
from typing import Any

from skafd.config.problems import Code, Problems
from skafd.config.shapes import Entry
from skafd.config.tables import Entries
from skafd.config.values import MOST_INSTANCES
from skafd.model.ids import JobId
from skafd.model.project import Foreach

_OF_A_PATTERN = frozenset("*?[")
_MOST_OF_A_RANGE = 3


def build_foreach(entry: Entry | None, problems: Problems) -> Foreach | None:
    """Where the items come from; what cannot be used is noted. A publisher is still as it was written."""
    if entry is None:
        return None
    match entry.value:
        case str() as text if _OF_A_PATTERN & set(text):
            return _of_glob(text, entry, problems)
        case str() as text:
            return Foreach(job=JobId(text))
        case tuple() as items:
            return _of_items([_text(item.value) for item in items], entry, problems)
        case details:
            return _of_details(details, entry, problems)


def _of_details(details: Entries, entry: Entry, problems: Problems) -> Foreach | None:
    if len(details) != 1:
        hint = "leave one" if details else "write one, such as `glob: data/*.csv`"
        problems.error(Code.VALUE, entry.node, "just one of `range`, `glob` and `output` is needed", hint)
        return None
    ((name, part),) = details.items()
    if name == "glob":
        return _of_glob(part.value, part, problems)
    if name == "output":
        return Foreach(job=JobId(part.value))
    return _of_range(part, problems)


def _of_range(part: Entry, problems: Problems) -> Foreach | None:
    bounds = [part.value] if isinstance(part.value, int) else [item.value for item in part.value]
    if not 1 <= len(bounds) <= _MOST_OF_A_RANGE or bounds[2:] == [0]:
        message = "a range is a number, or a list of start, end and perhaps a step that is not 0"
        problems.error(Code.VALUE, part.node, message, "write `range: 10`, `range: [1, 13]` or `range: [0, 100, 10]`")
        return None
    numbers = range(*bounds)
    return _of_items([str(number) for number in numbers[: MOST_INSTANCES + 1]], part, problems)


def _of_items(items: list[str], entry: Entry, problems: Problems) -> Foreach | None:
    if not items:
        problems.error(Code.VALUE, entry.node, "there is nothing in this list", "a job needs one item or more")
        return None
    if len(items) > MOST_INSTANCES:
        message = f"there are more than {MOST_INSTANCES} items, and a job has at most so many instances"
        problems.error(Code.VALUE, entry.node, message, "make each item stand for more")
        return None
    return Foreach(items=tuple(items))


def _of_glob(pattern: str, entry: Entry, problems: Problems) -> Foreach | None:
    if pattern.startswith("/") or ".." in pattern.split("/"):
        problems.error(
            Code.VALUE, entry.node, "the pattern leads out of the project", "write it relative to its folder"
        )
        return None
    return Foreach(glob=pattern)


def _text(value: Any) -> str:
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
