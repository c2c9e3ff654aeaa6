"""`params:` to the model's parameters."""

from __future__ import annotations

import json
import re

from skafd.config.nodes import Node, Scalar, describe, plain
from skafd.config.problems import Code, Problems
from skafd.config.shapes import Entry
from skafd.config.tables import Entries
from skafd.model.project import Parameter

_INT = re.compile(r"[+-]?[0-9]{1,18}")
_FLOAT = re.compile(r"[+-]?([0-9]{1,18}\.?[0-9]{0,18}|\.[0-9]{1,18})([eE][+-]?[0-9]{1,3})?")
_BOOL = re.compile(r"true|false", re.IGNORECASE)


def build_parameters(entry: Entry | None, problems: Problems) -> tuple[Parameter, ...]:
    """The parameters of a job; a default that is not of its type is noted."""
    entries: Entries = entry.value if entry else {}
    return tuple(_build(name, parameter, problems) for name, parameter in entries.items())


def _build(name: str, entry: Entry, problems: Problems) -> Parameter:
    if not isinstance(entry.value, dict):
        return Parameter(name, _type_of(entry.node), _text(entry.node))
    kind = entry.value["type"].value if "type" in entry.value else "string"
    default = entry.value.get("default")
    if default is None:
        return Parameter(name, kind)
    if not _fits(kind, default.node):
        message = f"the default of `{name}` is {describe(default.node)}, and its type is {kind}"
        problems.error(Code.VALUE, default.node, message, "change the type or the default")
    return Parameter(name, kind, _text(default.node))


def _type_of(node: Node) -> str:
    """What an unquoted value looks like."""
    if not isinstance(node, Scalar) or node.quoted:
        return "string"
    for kind, pattern in (("int", _INT), ("float", _FLOAT), ("bool", _BOOL)):
        if pattern.fullmatch(node.text):
            return kind
    return "string"


def _fits(kind: str, node: Node) -> bool:
    if not isinstance(node, Scalar):
        return kind == "json"
    if kind == "json":
        return _is_json(node.text)
    pattern = {"int": _INT, "float": _FLOAT, "bool": _BOOL}.get(kind)
    return pattern is None or pattern.fullmatch(node.text) is not None


def _is_json(text: str) -> bool:
    try:
        json.loads(text)
    except (ValueError, RecursionError):
        return False
    return True


def _text(node: Node) -> str:
    """The value as a job finds it in its environment."""
    return node.text if isinstance(node, Scalar) else json.dumps(plain(node), ensure_ascii=False)
