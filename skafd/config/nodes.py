"""A YAML document as text with positions: nothing is turned into a number, a date or a truth value here."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, TypeAlias

_NULLS = frozenset({"", "~", "null", "Null", "NULL"})


@dataclass(frozen=True, slots=True, eq=False)
class Scalar:
    """A single value as written; lines and columns count from 1."""

    text: str
    line: int
    column: int
    quoted: bool = False

    @property
    def is_null(self) -> bool:
        """Whether nothing was written: `key:`, `key: ~` or `key: null`."""
        return not self.quoted and self.text in _NULLS


@dataclass(frozen=True, slots=True, eq=False)
class Sequence:
    """A list."""

    items: tuple[Node, ...]
    line: int
    column: int


@dataclass(frozen=True, slots=True, eq=False)
class Mapping:
    """Keys and values in the order of the file; a key may come twice."""

    pairs: tuple[tuple[Scalar, Node], ...]
    line: int
    column: int

    def find(self, key: str) -> Node | None:
        """The first value of `key`."""
        return next((value for name, value in self.pairs if name.text == key), None)


Node: TypeAlias = Scalar | Sequence | Mapping


def plain(node: Node) -> Any:
    """The node as strings, lists and dictionaries, without positions."""
    match node:
        case Scalar():
            return node.text
        case Sequence():
            return [plain(item) for item in node.items]
        case Mapping():
            return {key.text: plain(value) for key, value in node.pairs}


def is_null(node: Node) -> bool:
    """Whether the node is a value that was left out."""
    return isinstance(node, Scalar) and node.is_null


def describe(node: Node) -> str:
    """What the node is, for a message: `a list`, `a mapping`, or the text itself, shortened."""
    match node:
        case Scalar():
            return quote(node.text) if node.text else "nothing"
        case Sequence():
            return "a list"
        case Mapping():
            return "a mapping"


def quote(text: str, longest: int = 60) -> str:
    """The text in back-ticks, on one line and shortened, fit for a message."""
    line = "".join(character if character.isprintable() else " " for character in text[:longest]).replace("`", "'")
    return f"`{line}...`" if len(text) > longest else f"`{line}`"
