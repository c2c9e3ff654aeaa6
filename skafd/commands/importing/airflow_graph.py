"""Which task comes before which: `a >> [b, c]`, `set_downstream`, `chain`, and tasks called with others' results."""

from __future__ import annotations

import ast
from collections.abc import Iterator, Mapping
from itertools import pairwise

from skafd.commands.importing.imported import Imported

Edge = tuple[str, str]
"""The job before, the job after."""


def edges_of(tree: ast.Module, names: Mapping[str, str], found: Imported) -> Iterator[Edge]:
    """All dependencies that the program writes down. `names` are variables and the jobs that they hold."""
    names = dict(names)
    for node in ast.walk(tree):
        if isinstance(node, ast.Assign) and isinstance(node.value, ast.Call):
            job = _job(node.value, names)
            names |= {each.id: job for each in node.targets if isinstance(each, ast.Name) and job}
    for node in ast.walk(tree):
        match node:
            case ast.Expr(value=ast.BinOp(op=ast.RShift() | ast.LShift()) as chain):
                yield from _chain(chain, names, found)
            case ast.Call(func=ast.Attribute(value=task, attr="set_downstream"), args=[others, *_]):
                yield from _between(_jobs(task, names), _jobs(others, names))
            case ast.Call(func=ast.Attribute(value=task, attr="set_upstream"), args=[others, *_]):
                yield from _between(_jobs(others, names), _jobs(task, names))
            case ast.Call(func=ast.Name(id="chain"), args=steps):
                for before, after in pairwise(steps):
                    yield from _between(_jobs(before, names), _jobs(after, names))
            case ast.Call(func=ast.Name(id=name), args=given, keywords=named) if name in names:
                values = [*given, *(each.value for each in named)]
                handed = [job for value in values for job in _jobs(value, names)]
                if handed:
                    found.leave_out(
                        node.lineno,
                        f"{name}(...)",
                        "gets results of other tasks: write them to SKAFD_OUTPUT and read them there",
                    )
                yield from _between(handed, [names[name]])


def _chain(node: ast.BinOp, names: Mapping[str, str], found: Imported) -> Iterator[Edge]:
    """`a >> b >> c` is `(a >> b) >> c`: an edge from what stands at the end of the left side."""
    if isinstance(node.left, ast.BinOp):
        yield from _chain(node.left, names, found)
        left = _jobs(node.left.right, names)
    else:
        left = _jobs(node.left, names)
    right = _jobs(node.right, names)
    if not left or not right:
        found.leave_out(node.lineno, ast.unparse(node), "names a task that was not found in this file")
    backward = isinstance(node.op, ast.LShift)
    yield from _between(right, left) if backward else _between(left, right)


def _between(before: list[str], after: list[str]) -> Iterator[Edge]:
    return ((first, second) for first in before for second in after if first != second)


def _jobs(node: ast.expr, names: Mapping[str, str]) -> list[str]:
    if isinstance(node, ast.List | ast.Tuple):
        return [job for each in node.elts for job in _jobs(each, names)]
    job = _job(node, names)
    return [job] if job else []


def _job(node: ast.expr, names: Mapping[str, str]) -> str | None:
    """The job that a variable holds, or that calling a task's function makes."""
    match node:
        case ast.Name(id=name) | ast.Call(func=ast.Name(id=name)):
            return names.get(name)
    return None
