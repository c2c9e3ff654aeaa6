"""Values in a program that is read and not run: literals, names assigned once, and a few calls."""

from __future__ import annotations

import ast
from dataclasses import dataclass
from typing import Any

_UNITS = {"weeks": 604800, "days": 86400, "hours": 3600, "minutes": 60, "seconds": 1}
_DEPTH = 10


@dataclass(frozen=True, slots=True)
class Unknown:
    """An expression whose value only running it would tell."""

    text: str
    zone: str | None = None
    """The time zone that it names, if it is a date."""

    def __str__(self) -> str:
        return self.text


@dataclass(frozen=True, slots=True)
class Seconds:
    """A `timedelta`."""

    seconds: float


def value_of(node: ast.expr, tree: ast.Module, depth: int = 0) -> Any:
    """The value of an expression; Unknown where it is no literal, no name for one, no timedelta and no date."""
    if depth > _DEPTH:
        return Unknown(ast.unparse(node))
    match node:
        case ast.Name(id=name):
            assigned = _assigned(name, tree)
            return Unknown(name) if assigned is None else value_of(assigned, tree, depth + 1)
        case ast.Dict(keys=keys, values=values) if all(isinstance(key, ast.Constant) for key in keys):
            return {key.value: value_of(each, tree, depth + 1) for key, each in zip(keys, values, strict=True)}  # type: ignore[union-attr]
        case ast.List(elts=items) | ast.Tuple(elts=items):
            return [value_of(each, tree, depth + 1) for each in items]
        case ast.Call():
            return _call(node, tree, depth)
    try:
        return ast.literal_eval(node)
    except ValueError:
        return Unknown(ast.unparse(node))


def seconds_of(value: Any) -> float | None:
    """The length of a `timedelta`, else None."""
    return value.seconds if isinstance(value, Seconds) else None


def _call(node: ast.Call, tree: ast.Module, depth: int) -> Seconds | Unknown:
    name = ast.unparse(node.func).rpartition(".")[2]
    named = {each.arg: value_of(each.value, tree, depth + 1) for each in node.keywords if each.arg}
    if name == "timedelta":
        given = (
            dict(zip(("days", "seconds"), (value_of(each, tree, depth + 1) for each in node.args), strict=False))
            | named
        )
        if all(unit in _UNITS and isinstance(amount, int | float) for unit, amount in given.items()):
            return Seconds(float(sum(_UNITS[unit] * amount for unit, amount in given.items())))
    zone = named.get("tz", named.get("tzinfo"))
    zone = zone if isinstance(zone, str) else getattr(zone, "zone", None)
    if name == "timezone" and node.args:
        zone = value_of(node.args[0], tree, depth + 1)
    return Unknown(ast.unparse(node), zone if isinstance(zone, str) else None)


def _assigned(name: str, tree: ast.Module) -> ast.expr | None:
    """What a name of the module is assigned, if it is assigned once."""
    values = [
        node.value
        for node in tree.body
        if isinstance(node, ast.Assign) and any(isinstance(each, ast.Name) and each.id == name for each in node.targets)
    ]
    return values[0] if len(values) == 1 else None
