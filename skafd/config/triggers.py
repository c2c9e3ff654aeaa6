"""`on:` to the model's triggers: what sets off a job besides time."""

from __future__ import annotations

from dataclasses import replace
from pathlib import PurePosixPath
from typing import Any

from skafd.config.nodes import Mapping, Scalar
from skafd.config.problems import Code, Problems
from skafd.config.shapes import Entry
from skafd.config.tables import Entries
from skafd.model.project import STABLE_SECONDS, Overlap, Trigger, TriggerKind, all_of

_OF_FILES = ("stable_for", "batch")
_HINT = "write `file:`, `project:`, `webhook:` or `event:`"
_LEAST_OF_ALL = 2


def build_triggers(entry: Entry | None, problems: Problems) -> tuple[Trigger, ...]:
    """What the job waits for; what cannot be used is noted and left out."""
    if entry is None:
        return ()
    items = entry.value if isinstance(entry.value, tuple) else (entry,)
    built = (trigger for item in items for trigger in _build(item, problems))
    return tuple(dict.fromkeys(built))


def _build(item: Entry, problems: Problems) -> tuple[Trigger, ...]:
    entries: Entries = item.value
    if "all" in entries:
        return _build_all(item, entries, problems)
    if isinstance(item.node, Mapping) and item.node.find("all"):
        return ()  # What is wrong with it was noted when it was read.
    if "within" in entries:
        problems.error(Code.MISPLACED_KEY, entries["within"].key or item.node, "`within` is about the events of `all`")
    one = _build_one(item, problems)
    return () if one is None else (one,)


def _build_all(item: Entry, entries: Entries, problems: Problems) -> tuple[Trigger, ...]:
    beside = [key for key in entries if key not in ("all", "within", "overlap")]
    for key in beside:
        place = entries[key].key or item.node
        problems.error(Code.MISPLACED_KEY, place, f"`{key}` stands beside `all`", "write it into one of its events")
    overlap = Overlap(_value(entries, "overlap", Overlap.QUEUE))
    ones = [_build_one(one, problems) for one in entries["all"].value]
    found = all_of((replace(one, overlap=overlap) for one in ones if one), _value(entries, "within", None))
    if len(found) < _LEAST_OF_ALL and None not in ones:
        what = "`all` names one event twice" if len(ones) > 1 else "`all` names fewer than two events"
        problems.error(Code.VALUE, entries["all"].node, what, "for one event write it without `all`")
    return found


def _build_one(item: Entry, problems: Problems) -> Trigger | None:
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
