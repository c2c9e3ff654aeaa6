"""The shapes that a value may have: each reads a node, says what it expects, and describes itself as JSON Schema."""

from __future__ import annotations

import re
from collections.abc import Callable
from collections.abc import Sequence as Listing
from dataclasses import dataclass
from typing import Any, Protocol

from skafd.config.nodes import Mapping, Node, Scalar, Sequence, describe, is_null, plain, quote
from skafd.config.problems import Code, Problems
from skafd.config.suggest import closest

_TRUE = frozenset({"true", "yes", "on"})
_FALSE = frozenset({"false", "no", "off"})
_WHOLE = re.compile(r"[+-]?[0-9]+")
_MOST_DIGITS = 15
_LONGEST_AMOUNT = 100


@dataclass(frozen=True, slots=True, eq=False)
class Entry:
    """A value that was read, and where it stands; `key` where it has one."""

    value: Any
    node: Node
    key: Scalar | None = None


class Shape(Protocol):
    """What a value may look like."""

    @property
    def expects(self) -> str:
        """In words: `a whole number`."""

    def read(self, node: Node, problems: Problems) -> Any:
        """The value, or None after noting why there is none."""

    def schema(self) -> dict[str, Any]:
        """The shape in JSON Schema."""


def refuse(node: Node, shape: Shape, problems: Problems, hint: str | None = None) -> None:
    """Notes that the node does not have the shape."""
    problems.error(Code.VALUE, node, f"expected {shape.expects}, found {describe(node)}", hint)


@dataclass(frozen=True, slots=True)
class Text:
    """Text as written, digits included."""

    expects: str = "text"
    pattern: re.Pattern[str] | None = None
    longest: int = 1000
    one_line: bool = True

    def read(self, node: Node, problems: Problems) -> str | None:
        """The text without blanks around it."""
        if not isinstance(node, Scalar):
            refuse(node, self, problems)
            return None
        text = node.text.strip()
        if len(text) > self.longest:
            problems.error(Code.VALUE, node, f"this is {len(text)} characters long; {self.longest} are allowed")
            return None
        if (self.one_line and "\n" in text) or (self.pattern and not self.pattern.fullmatch(text)):
            refuse(node, self, problems)
            return None
        return text

    def schema(self) -> dict[str, Any]:
        """Numbers and truth values are text to the reader, and not to an editor."""
        return {"type": ["string", "number", "boolean"]}


@dataclass(frozen=True, slots=True)
class Verbatim:
    """Text of any length, exactly as written; nothing written is the empty text."""

    expects: str = "text"

    def read(self, node: Node, problems: Problems) -> str | None:
        """The text."""
        if not isinstance(node, Scalar):
            refuse(node, self, problems)
            return None
        return "" if node.is_null else node.text

    def schema(self) -> dict[str, Any]:
        """As Text, or nothing."""
        return {"type": ["string", "number", "boolean", "null"]}


@dataclass(frozen=True, slots=True)
class Whole:
    """A whole number within bounds."""

    minimum: int = 1
    maximum: int | None = None

    @property
    def expects(self) -> str:
        """The bounds in words."""
        if self.maximum is None:
            return f"a whole number, {self.minimum} or more"
        return f"a whole number from {self.minimum} to {self.maximum}"

    def read(self, node: Node, problems: Problems) -> int | None:
        """The number."""
        if not isinstance(node, Scalar) or not _WHOLE.fullmatch(node.text) or len(node.text) > _MOST_DIGITS:
            refuse(node, self, problems)
            return None
        number = int(node.text)
        if number < self.minimum or (self.maximum is not None and number > self.maximum):
            refuse(node, self, problems)
            return None
        return number

    def schema(self) -> dict[str, Any]:
        """An integer within the bounds."""
        bounds = {"minimum": self.minimum} | ({} if self.maximum is None else {"maximum": self.maximum})
        return {"type": "integer"} | bounds


@dataclass(frozen=True, slots=True)
class Flag:
    """Yes or no."""

    expects: str = "true or false"

    def read(self, node: Node, problems: Problems) -> bool | None:
        """The truth value; `yes` and `on` are true as in the YAML of old."""
        word = node.text.lower() if isinstance(node, Scalar) else ""
        if word not in _TRUE | _FALSE:
            refuse(node, self, problems)
            return None
        return word in _TRUE

    def schema(self) -> dict[str, Any]:
        """A boolean."""
        return {"type": "boolean"}


@dataclass(frozen=True, slots=True)
class Choice:
    """One of a few words."""

    words: tuple[str, ...]
    hint: str | None = None

    @property
    def expects(self) -> str:
        """The words."""
        return " or ".join(f"`{word}`" for word in self.words)

    def read(self, node: Node, problems: Problems) -> str | None:
        """The word in its own spelling."""
        word = node.text.strip().lower() if isinstance(node, Scalar) else ""
        if word in self.words:
            return word
        near = closest(word, self.words)
        refuse(node, self, problems, f"did you mean `{near}`?" if near else self.hint)
        return None

    def schema(self) -> dict[str, Any]:
        """An enumeration."""
        return {"enum": list(self.words)}


@dataclass(frozen=True, slots=True)
class Amount:
    """Text that `parse` turns into a number, or refuses with a ValueError that says how to write it."""

    parse: Callable[[str], float]
    expects: str
    minimum: float
    maximum: float
    bounds: str
    """What is possible, in words."""
    forgotten_unit: str | None = None
    """What a bare number that is too small was probably meant to be in."""

    def read(self, node: Node, problems: Problems) -> float | None:
        """The number in `parse`'s unit."""
        if not isinstance(node, Scalar) or len(node.text) > _LONGEST_AMOUNT:
            refuse(node, self, problems)
            return None
        try:
            number = self.parse(node.text.removeprefix("-"))
        except ValueError as error:
            problems.error(Code.VALUE, node, str(error))
            return None
        if node.text.startswith("-") or not self.minimum <= number <= self.maximum:
            hint = None
            if self.forgotten_unit and 0 < number < self.minimum and node.text.isdigit():
                hint = f"did you mean `{node.text}{self.forgotten_unit}`?"
            problems.error(Code.LIMITS, node, f"{quote(node.text)} is impossible: {self.bounds}", hint)
            return None
        return number

    def schema(self) -> dict[str, Any]:
        """A number or text."""
        return {"type": ["string", "number"]}


@dataclass(frozen=True, slots=True)
class ListOf:
    """A list; with `single`, also one item without the list around it."""

    item: Shape
    single: bool = False

    @property
    def expects(self) -> str:
        """What the items are."""
        return f"a list, each item {self.item.expects}"

    def read(self, node: Node, problems: Problems) -> tuple[Entry, ...] | None:
        """The items that can be read."""
        if isinstance(node, Sequence):
            return _read_items(self.item, node.items, problems)
        if self.single and not is_null(node):
            return _read_items(self.item, (node,), problems)
        refuse(node, self, problems, "begin each item with `- `")
        return None

    def schema(self) -> dict[str, Any]:
        """An array."""
        array = {"type": "array", "items": self.item.schema()}
        return {"anyOf": [self.item.schema(), array]} if self.single else array


def _read_items(shape: Shape, nodes: Listing[Node], problems: Problems) -> tuple[Entry, ...]:
    items = (Entry(shape.read(node, problems), node) for node in nodes)
    return tuple(item for item in items if item.value is not None)


@dataclass(frozen=True, slots=True)
class Either:
    """A shape for each kind of node."""

    scalar: Shape | None = None
    sequence: Shape | None = None
    mapping: Shape | None = None

    @property
    def expects(self) -> str:
        """All of them."""
        return " or ".join(shape.expects for shape in self._shapes())

    def read(self, node: Node, problems: Problems) -> Any:
        """What the shape of the node's kind reads."""
        shape = {Scalar: self.scalar, Sequence: self.sequence, Mapping: self.mapping}[type(node)]
        if shape is None:
            refuse(node, self, problems)
            return None
        return shape.read(node, problems)

    def schema(self) -> dict[str, Any]:
        """Any of them."""
        return {"anyOf": [shape.schema() for shape in self._shapes()]}

    def _shapes(self) -> list[Shape]:
        return [shape for shape in (self.scalar, self.sequence, self.mapping) if shape]


@dataclass(frozen=True, slots=True)
class Anything:
    """Whatever it is, as text, lists and dictionaries."""

    expects: str = "anything"

    def read(self, node: Node, problems: Problems) -> Any:  # noqa: ARG002 every shape is called alike
        """The plain value."""
        return plain(node)

    def schema(self) -> dict[str, Any]:
        """No constraint."""
        return {}
