"""Mappings: with a table of keys, or with names of the user's own."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from skafd.config.nodes import Mapping, Node, Scalar, Sequence, plain, quote
from skafd.config.problems import Code, Problems
from skafd.config.shapes import Entry, Shape, Verbatim, refuse
from skafd.config.suggest import closest

Entries = dict[str, Entry]
_MOST_KEYS_LISTED = 8


class Origin(StrEnum):
    """Whose key it is."""

    SKAFOS = "skafos"
    SKAFD = "skafd"


@dataclass(frozen=True, slots=True)
class Key:
    """One key of a table."""

    name: str
    shape: Shape
    description: str
    origin: Origin = Origin.SKAFD
    later: bool = False
    """Read and kept; the feature is not in this version."""
    essential: bool = False
    """A misspelling or an empty value is an error in every generation: another job would be meant."""
    required: bool = False
    """The table says nothing without it."""
    misspellings: tuple[str, ...] = ()
    """What people write when they mean this key, beyond slips of the finger."""


@dataclass(frozen=True, slots=True)
class Table:
    """A mapping whose keys are known. With `rest`, other keys are read as that shape."""

    title: str
    keys: tuple[Key, ...]
    rest: Shape | None = None
    elsewhere: dict[str, str] = field(default_factory=dict, hash=False)
    """Where keys belong that are often written here by mistake."""
    mend: Callable[[Mapping, Problems], Mapping] | None = None
    """Turns a known slip into what was meant, with a warning."""

    @property
    def expects(self) -> str:
        """In words."""
        return f"a mapping ({', '.join(key.name for key in self.keys[:4])}...)"

    def read(self, node: Node, problems: Problems) -> Entries | None:
        """The values that can be read, by key."""
        if not isinstance(node, Mapping):
            refuse(node, self, problems)
            return None
        known = {key.name: key for key in self.keys}
        mapping = self.mend(node, problems) if self.mend else node
        pairs = list(unique_pairs(mapping, problems))
        present = {name.text for name, _ in pairs}
        entries: Entries = {}
        for name, value in pairs:
            key = known.get(name.text) or self._meant(name, present, problems)
            if key and (entry := _read_key(key, name, value, problems)):
                entries[key.name] = entry
        return entries if self._has_required(node, entries, problems) else None

    def schema(self) -> dict[str, Any]:
        """An object; what has no feature yet says so."""
        properties = {key.name: key.shape.schema() | {"description": _describe(key)} for key in self.keys}
        rest = False if self.rest is None else self.rest.schema()
        required = [key.name for key in self.keys if key.required]
        schema = {"type": "object", "properties": properties, "additionalProperties": rest}
        return schema | ({"required": required} if required else {})

    def _has_required(self, node: Mapping, entries: Entries, problems: Problems) -> bool:
        missing = [key for key in self.keys if key.required and key.name not in entries]
        for key in missing:
            if node.find(key.name) is None:
                problems.error(Code.VALUE, node, f"`{key.name}` is missing from {self.title}", key.description)
        return not missing

    def _meant(self, name: Scalar, present: set[str], problems: Problems) -> Key | None:
        """The key to read an unknown one as, after saying what it probably should have been."""
        if self.rest:
            return Key(name.text, self.rest, "")
        if place := self.elsewhere.get(name.text):
            self._note_misplaced(name, place, problems)
            return None
        near = self._nearest(name.text)
        message = f"{quote(name.text)} is not a key of {self.title}"
        hint = f"did you mean `{near.name}`?" if near else self._list_keys(name.text)
        if problems.lenient and not (near and near.essential):
            problems.warn(Code.UNKNOWN_KEY, name, message + "; it is ignored", hint)
            return None
        problems.error(Code.UNKNOWN_KEY, name, message, hint)
        return near if near and near.name not in present else None

    def _note_misplaced(self, name: Scalar, place: str, problems: Problems) -> None:
        message, hint = f"{quote(name.text)} does not belong here", f"it belongs {place}"
        if problems.lenient:
            problems.warn(Code.MISPLACED_KEY, name, message + "; it is ignored", hint)
        else:
            problems.error(Code.MISPLACED_KEY, name, message, hint)

    def _list_keys(self, name: str) -> str:
        if name == "<<":
            return "write the keys out; YAML 1.2 has no merging"
        few = len(self.keys) <= _MOST_KEYS_LISTED
        return f"the keys are {', '.join(key.name for key in self.keys)}" if few else "`skafd schema` lists the keys"

    def _nearest(self, name: str) -> Key | None:
        words = {word: key for key in self.keys for word in (key.name, *key.misspellings)}
        near = closest(name, words)
        return words[near] if near else None


def _describe(key: Key) -> str:
    return f"{key.description} (read and kept; not in this version)" if key.later else key.description


def _read_key(key: Key, name: Scalar, node: Node, problems: Problems) -> Entry | None:
    if isinstance(node, Scalar) and (node.is_null or not node.text.strip()):
        _note_empty(key, name, problems)
        return None
    if key.later:
        message = f"`{key.name}` is understood and kept, but this version does nothing with it"
        problems.warn_once(Code.NOT_YET, name, message)
    value = key.shape.read(node, problems)
    return None if value is None else Entry(value, node, name)


def _note_empty(key: Key, name: Scalar, problems: Problems) -> None:
    if key.essential:
        code = Code.EMPTY_ID if key.name.endswith("id") else Code.EMPTY_VALUE
        problems.error(code, name, f"`{key.name}` is empty", "write a value after it, or remove the line")
    else:
        problems.warn(Code.EMPTY_VALUE, name, f"`{key.name}` is empty, which is the same as leaving it out")


def unique_pairs(mapping: Mapping, problems: Problems) -> Iterator[tuple[Scalar, Node]]:
    """Each key once: a repetition with the same value is only worth a warning, the value of old was the last."""
    seen: dict[str, tuple[Scalar, Node]] = {}
    for name, value in mapping.pairs:
        if name.text not in seen:
            seen[name.text] = (name, value)
            continue
        first, first_value = seen[name.text]
        message = f"{quote(name.text)} stands twice here, first in line {first.line}"
        if plain(first_value) == plain(value):
            problems.warn(Code.DUPLICATE_KEY, name, message, "remove one of the two")
        else:
            problems.error(Code.DUPLICATE_KEY, name, message, "remove one of the two; their values differ")
    yield from seen.values()


@dataclass(frozen=True, slots=True)
class MapOf:
    """A mapping with names of the user's own."""

    value: Shape
    name_expects: str = "a name of letters, digits and `_`"
    name_pattern: re.Pattern[str] = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
    expects: str = "a mapping of names to values"

    def read(self, node: Node, problems: Problems) -> Entries | None:
        """The values that can be read, by name."""
        if not isinstance(node, Mapping):
            refuse(node, self, problems)
            return None
        entries = {}
        for name, value in unique_pairs(node, problems):
            if not self.name_pattern.fullmatch(name.text):
                problems.error(Code.VALUE, name, f"expected {self.name_expects}, found {quote(name.text)}")
            elif (read := self.value.read(value, problems)) is not None:
                entries[name.text] = Entry(read, value, name)
        return entries

    def schema(self) -> dict[str, Any]:
        """An object with any names."""
        return {"type": "object", "additionalProperties": self.value.schema()}


@dataclass(frozen=True, slots=True)
class Variables:
    """Environment variables: a mapping, or as in the oldest files a list of mappings."""

    expects: str = "a mapping of variables to values"

    def read(self, node: Node, problems: Problems) -> tuple[tuple[str, str], ...] | None:
        """Names and values."""
        mappings = node.items if isinstance(node, Sequence) else (node,)
        found: dict[str, str] = {}
        for mapping in mappings:
            entries = _VARIABLES.read(mapping, problems) or {}
            found |= {name: entry.value for name, entry in entries.items()}
        return tuple(found.items())

    def schema(self) -> dict[str, Any]:
        """An object of texts, or a list of such."""
        one = _VARIABLES.schema()
        return {"anyOf": [one, {"type": "array", "items": one}]}


_VARIABLES = MapOf(Verbatim())
