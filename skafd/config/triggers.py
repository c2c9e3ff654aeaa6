"""`on:` to the model's triggers: what sets off a job besides time."""

from __future__ import annotations

from pathlib import PurePosixPath
from typing import Any

from skafd.config.nodes import Mapping, Scalar
from skafd.config.problems import Code, Problems
from skafd.config.shapes import Entry
from skafd.config.tables import Entries
from skafd.model.project import STABLE_SECONDS, Overlap, Trigger, TriggerKind

_OF_FILES = ("stable_for", "batch")
_HINT = "write `file:`, `project:`, `webhook:` or `event:`"


def build_triggers(entry: Entry | None, problems: Problems) -> tuple[Trigger, ...]:
    """What the job waits for; what cannot be used is noted and left out."""
    if entry is None:
        return ()
    items = entry.value if isinstance(entry.value, tuple) else (entry,)
    built = (_build(item, problems) for item in items)
    return tuple(dict.fromkeys(one for one in built if one is not None))


def _build(item: Entry, problems: Problems) -> Trigger | None:
    entries: Entries = item.value
    named = [kind for kind in TriggerKind if kind in entries]
    if not named and isinstance(item.node, Mapping) and any(item.node.find(kind) for kind in TriggerKind):
        return None  # What is wrong with it was noted when it was read.
    if len(named) != 1:
        what = "nothing is said of what it waits for" if not named else f"these are {len(named)} events in one"
        problems.error(Code.VALUE, item.node, what, _HINT if not named else "make a list of them, each with `- `")
        return None
    kind = named[0]
    _check_of_files(kind, entries, problems)
    name = _name(kind, entries[kind], problems)
    if name is None:
        return None
    return Trigger(
        kind=kind,
        name=name,
        stable_seconds=_value(entries, "stable_for", STABLE_SECONDS),
        is_batch=_value(entries, "batch", False),
        overlap=Overlap(_value(entries, "overlap", Overlap.QUEUE)),
        parameters=tuple((name, given.value) for name, given in _value(entries, "params", {}).items()),
        fields=tuple((name, given.value) for name, given in _value(entries, "fields", {}).items()),
    )


def _check_of_files(kind: TriggerKind, entries: Entries, problems: Problems) -> None:
    for key in _OF_FILES if kind is not TriggerKind.FILE else ():
        if key in entries:
            place: Scalar | None = entries[key].key
            problems.error(Code.MISPLACED_KEY, place or entries[key].node, f"`{key}` is about files that arrive")


def _name(kind: TriggerKind, entry: Entry, problems: Problems) -> str | None:
    name: str = entry.value
    if kind is TriggerKind.FILE and name.endswith("/"):
        problems.error(Code.VALUE, entry.node, "a folder does not arrive", f"did you mean `{name}*`?")
        return None
    if kind is TriggerKind.FILE:
        return str(PurePosixPath(name))
    if kind is TriggerKind.PROJECT and (name.startswith("/") or name.endswith("/")):
        problems.error(Code.VALUE, entry.node, "this names no project", "write it as `other` or `other/job`")
        return None
    return name


def _value(entries: Entries, key: str, default: Any) -> Any:
    return entries[key].value if key in entries else default
