"""The language of `when:`, a small part of Python's expressions, with an evaluator of its own: nothing is executed.

    params.region == "eu" and jobs.ingest.state == "succeeded"
    "full" in params.modes or jobs["load all"].output > 100

There are `params.NAME`, `jobs.NAME.state`, `.output` and `.failed`, texts, numbers, `true`, `false`, `none`, lists,
comparisons, `in`, `and`, `or`, `not` and brackets.
"""

from __future__ import annotations

import ast
import operator
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

LONGEST = 1000
_DEEPEST = 50
_CONSTANTS = {"true": True, "false": False, "none": None, "null": None}
_COMPARISONS: dict[type[ast.cmpop], Callable[[Any, Any], Any]] = {
    ast.Eq: operator.eq,
    ast.NotEq: operator.ne,
    ast.Lt: operator.lt,
    ast.LtE: operator.le,
    ast.Gt: operator.gt,
    ast.GtE: operator.ge,
    ast.In: lambda one, many: one in many,
    ast.NotIn: lambda one, many: one not in many,
}
FIELDS = ("state", "output", "failed")
"""What can be asked of a job."""


class ConditionError(ValueError):
    """The condition cannot be read, or has no answer; `str()` says why."""


@dataclass(frozen=True, slots=True)
class JobFacts:
    """What a condition may ask of a job of the same run."""

    state: str
    output: Any = None
    failed: int = 0
    """Instances that failed."""


@dataclass(frozen=True, slots=True)
class Condition:
    """One that was read, and what it names."""

    text: str
    root: ast.expr
    parameters: frozenset[str]
    jobs: frozenset[str]

    def holds(self, parameters: Mapping[str, Any], jobs: Mapping[str, JobFacts]) -> bool:
        """The answer. Raises ConditionError where there is none."""
        try:
            return bool(_evaluate(self.root, parameters, jobs))
        except TypeError as error:
            raise ConditionError(f"the condition {self.text!r} compares what cannot be compared: {error}") from error


@lru_cache(maxsize=1024)
def parse_condition(text: str) -> Condition:
    """Reads a condition. Raises ConditionError with what is not understood."""
    if len(text) > LONGEST:
        raise ConditionError(f"a condition has at most {LONGEST} characters")
    try:
        root = ast.parse(text.strip(), mode="eval").body
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        raise ConditionError(f"the condition {text!r} is not understood") from None
    parameters: set[str] = set()
    jobs: set[str] = set()
    _check(root, parameters, jobs, _DEEPEST)
    return Condition(text.strip(), root, frozenset(parameters), frozenset(jobs))


def _check(node: ast.expr, parameters: set[str], jobs: set[str], depth: int) -> None:
    """Only what is listed here is part of the language."""
    if depth == 0:
        raise ConditionError("the condition is nested too deeply")
    match node:
        case ast.Attribute() | ast.Subscript():
            kind, name, _ = _path(node)
            (parameters if kind == "params" else jobs).add(name)
        case ast.Constant(value=str() | int() | float() | None):
            return
        case ast.Name(id=name) if name.lower() in _CONSTANTS:
            return
        case ast.UnaryOp(op=ast.Not()) | ast.UnaryOp(op=ast.USub(), operand=ast.Constant(value=int() | float())):
            _check(node.operand, parameters, jobs, depth - 1)
        case ast.BoolOp(values=parts) | ast.List(elts=parts) | ast.Tuple(elts=parts):
            for part in parts:
                _check(part, parameters, jobs, depth - 1)
        case ast.Compare(left=left, ops=ops, comparators=others) if all(type(one) in _COMPARISONS for one in ops):
            for part in (left, *others):
                _check(part, parameters, jobs, depth - 1)
        case _:
            raise ConditionError(f"{ast.unparse(node)!r} is not part of the language of conditions")


def _path(node: ast.expr) -> tuple[str, str, str]:
    """`params.x` as ("params", "x", ""), `jobs.x.state` as ("jobs", "x", "state")."""
    parts: list[str] = []
    inner = node
    while isinstance(inner, ast.Attribute | ast.Subscript):
        parts.append(_step(inner))
        inner = inner.value
    root = inner.id if isinstance(inner, ast.Name) else ""
    match (root, parts[::-1]):
        case ("params", [name]):
            return "params", name, ""
        case ("jobs", [name, field]) if field in FIELDS:
            return "jobs", name, field
    raise ConditionError(
        f"{ast.unparse(node)!r} is not known: there are params.NAME, and jobs.NAME with .{', .'.join(FIELDS)}"
    )


def _step(node: ast.Attribute | ast.Subscript) -> str:
    if isinstance(node, ast.Attribute):
        return node.attr
    if isinstance(node.slice, ast.Constant) and isinstance(node.slice.value, str):
        return node.slice.value
    raise ConditionError(f"{ast.unparse(node)!r}: only a name in quotes may stand in the brackets")


def _evaluate(node: ast.expr, parameters: Mapping[str, Any], jobs: Mapping[str, JobFacts]) -> Any:
    match node:
        case ast.Constant(value=value):
            return value
        case ast.Name(id=name):
            return _CONSTANTS[name.lower()]
        case ast.Attribute() | ast.Subscript():
            return _look_up(node, parameters, jobs)
        case ast.UnaryOp(op=ast.Not(), operand=operand):
            return not _evaluate(operand, parameters, jobs)
        case ast.UnaryOp(operand=operand):
            return -_evaluate(operand, parameters, jobs)
        case ast.BoolOp(op=ast.And(), values=parts):
            return all(_evaluate(part, parameters, jobs) for part in parts)
        case ast.BoolOp(values=parts):
            return any(_evaluate(part, parameters, jobs) for part in parts)
        case ast.List(elts=parts) | ast.Tuple(elts=parts):
            return [_evaluate(part, parameters, jobs) for part in parts]
        case ast.Compare(left=left, ops=ops, comparators=others):
            values = [_evaluate(part, parameters, jobs) for part in (left, *others)]
            pairs = zip(values, ops, values[1:], strict=False)
            return all(_COMPARISONS[type(one)](before, after) for before, one, after in pairs)
    raise ConditionError(f"{ast.unparse(node)!r} is not part of the language of conditions")


def _look_up(node: ast.expr, parameters: Mapping[str, Any], jobs: Mapping[str, JobFacts]) -> Any:
    kind, name, field = _path(node)
    if kind == "params":
        if name not in parameters:
            raise ConditionError(f"the run has no parameter {name}")
        return parameters[name]
    if name not in jobs:
        raise ConditionError(f"{name} is not part of this run")
    return getattr(jobs[name], field)
