"""Text to a tree of nodes, in one pass over YAML events: no recursion, a bounded size, no objects made."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from ruamel.yaml import YAML
from ruamel.yaml.error import MarkedYAMLError, YAMLError
from ruamel.yaml.events import (
    AliasEvent,
    DocumentStartEvent,
    Event,
    MappingEndEvent,
    MappingStartEvent,
    ScalarEvent,
    SequenceEndEvent,
    SequenceStartEvent,
)

from skafd.config.nodes import Mapping, Node, Scalar, Sequence, quote
from skafd.config.problems import Code, Problems, Unreadable, split_lines, unreadable
from skafd.config.syntax import explain, quotes_needed

_DEEPEST = 40
_MOST_NODES = 20_000
_MOST_REPEATED_NODES = 1_000
_SMART_QUOTES = "“”„‟‘’‚‛«»"  # noqa: RUF001 they are what is looked for
_TEMPLATE = re.compile(r"\{\{.*\}\}", re.DOTALL)


@dataclass(slots=True)
class _Open:
    """A list or mapping whose end has not come."""

    start: Any
    children: list[Node] = field(default_factory=list)
    nodes: int = 1


def compose(text: str, problems: Problems) -> Node | None:
    """The document's tree, None when it is empty. Raises Unreadable with the first thing that is not YAML."""
    return _Composer(text, problems).compose()


class _Composer:
    def __init__(self, text: str, problems: Problems) -> None:
        self._text = text
        self._problems = problems
        self._open: list[_Open] = []
        self._anchors: dict[str, tuple[Node, int]] = {}
        self._root: Node | None = None
        self._documents = 0
        self._nodes = 0
        self._repeated = 0

    def compose(self) -> Node | None:
        for event in _events(self._text):
            self._take(event)
        return self._root

    def _take(self, event: Any) -> None:
        match event:
            case DocumentStartEvent():
                self._start_document(event)
            case SequenceStartEvent() | MappingStartEvent():
                self._start(event)
            case SequenceEndEvent() | MappingEndEvent():
                done = self._open.pop()
                self._close(_sequence(done) if isinstance(event, SequenceEndEvent) else self._mapping(done), done)
            case ScalarEvent():
                self._check(event)
                self._attach(self._remember(event, self._scalar(event), 1), 1)
            case AliasEvent():
                self._attach(*self._repeat(event))

    def _start_document(self, event: Any) -> None:
        self._documents += 1
        if self._documents > 1:
            message = "a second document begins here, after the first one's `---`"
            raise unreadable(Code.YAML, *_place(event), message, "a project has one document in its config")

    def _start(self, event: Any) -> None:
        self._check(event)
        if len(self._open) >= _DEEPEST:
            raise unreadable(Code.TOO_DEEP, *_place(event), f"lists and mappings nest more than {_DEEPEST} deep")
        self._open.append(_Open(event))

    def _close(self, node: Node, done: _Open) -> None:
        self._attach(self._remember(done.start, node, done.nodes), done.nodes)

    def _check(self, event: Any) -> None:
        self._nodes += 1
        if self._nodes > _MOST_NODES:
            raise unreadable(Code.TOO_LARGE, *_place(event), f"the config has more than {_MOST_NODES} values")
        if event.tag is not None:
            raise unreadable(Code.TAG, *_place(event), "tags such as `!!str` have no meaning here", "remove the tag")

    def _attach(self, node: Node, nodes: int) -> None:
        if not self._open:
            self._root = node
            return
        self._open[-1].children.append(node)
        self._open[-1].nodes += nodes

    def _remember(self, event: Any, node: Node, nodes: int) -> Node:
        if event.anchor is not None:
            self._anchors[event.anchor] = (node, nodes)
        return node

    def _repeat(self, event: Any) -> tuple[Node, int]:
        line, column = _place(event)
        if event.anchor not in self._anchors and not event.anchor[0].isalpha():
            raise quotes_needed(line, column, split_lines(self._text)[line - 1])
        if event.anchor not in self._anchors:
            hint = "a value that begins with `*` needs quotes; an alias needs its `&anchor` before it"
            raise unreadable(Code.ALIAS, line, column, f"there is no anchor {quote('&' + event.anchor)}", hint)
        node, nodes = self._anchors[event.anchor]
        self._repeated += nodes
        if self._repeated > _MOST_REPEATED_NODES:
            message = f"the aliases repeat more than {_MOST_REPEATED_NODES} values"
            raise unreadable(Code.ALIAS, line, column, message, "write the values out")
        return node, nodes

    def _scalar(self, event: Any) -> Scalar:
        line, column = _place(event)
        text = event.value
        quoted = event.style is not None
        if _TEMPLATE.fullmatch(text.strip()):
            raise _template(line, column, text)
        for character in text:
            if character not in "\n\t" and unicodedata.category(character) in ("Cc", "Cs"):
                message = f"the value holds a control character (U+{ord(character):04X})"
                raise unreadable(Code.CONTROL_CHARACTER, line, column, message, "write plain text")
        scalar = Scalar(text, line, column, quoted)
        return scalar if quoted or text[:1] not in _SMART_QUOTES or not text else self._straighten(scalar)

    def _straighten(self, scalar: Scalar) -> Scalar:
        """Notes the smart quotes once, and reads on as if they were straight, so that no other problem follows."""
        text = scalar.text.strip(_SMART_QUOTES)
        message = f"these are smart quotes, which are part of the text to YAML: {quote(scalar.text)}"
        self._problems.error(Code.SMART_QUOTES, scalar, message, f'write "{text}" in straight quotes')
        return Scalar(text, scalar.line, scalar.column, quoted=True)

    def _mapping(self, done: _Open) -> Mapping:
        keys, values = done.children[::2], done.children[1::2]
        for key in keys:
            if not isinstance(key, Scalar):
                raise self._odd_key(done.start, key)
        line, column = _place(done.start)
        return Mapping(tuple(zip(keys, values, strict=True)), line, column)  # type: ignore[arg-type]

    def _odd_key(self, start: Any, key: Node) -> Unreadable:
        offset = start.start_mark.index
        if self._text[offset : offset + 2] == "{{":
            return _template(*_place(start), self._text[offset:].split("}}")[0] + "}}")
        return unreadable(Code.YAML, key.line, key.column, "a list or mapping cannot be a key")


def _sequence(done: _Open) -> Sequence:
    return Sequence(tuple(done.children), *_place(done.start))


def _events(text: str) -> Iterator[Event]:
    """The events of ruamel's pure scanner; its errors, and what it lets escape on odd escapes, explained."""
    line = 1
    try:
        for event in YAML(typ="safe", pure=True).parse(text):
            yield event
            line = event.end_mark.line + 1
    except MarkedYAMLError as error:
        raise explain(error, text) from error
    except (YAMLError, ValueError, OverflowError) as error:
        raise unreadable(Code.YAML, line, 1, f"this is not YAML: {str(error).splitlines()[0]}") from error


def _place(event: Any) -> tuple[int, int]:
    return event.start_mark.line + 1, event.start_mark.column + 1


def _template(line: int, column: int, text: str) -> Unreadable:
    message = f"{quote(text)} is a template's blank that was never filled in"
    return unreadable(Code.TEMPLATE, line, column, message, "make the project with `skafd init`, or write the value")
