"""A function of a DAG file as a script of its own: with what it uses of the module, and without Airflow."""

from __future__ import annotations

import ast
from typing import Any

_NOT_TAKEN = ("airflow", "pendulum")


def write_callable(tree: ast.Module, function: str, arguments: Any, named: Any) -> str | None:
    """A program that calls the function; None if the file does not define it."""
    definitions = [node for node in ast.walk(tree) if isinstance(node, ast.FunctionDef) and node.name == function]
    if not definitions:
        return None
    wanted = _used_by(definitions[0], tree)
    lines = [ast.unparse(node) for node in tree.body if _is_import(node)]
    lines += [_undecorated(node) for node in tree.body if node in wanted and node is not definitions[0]]
    call = ast.unparse(ast.Call(ast.Name(function), *_written(arguments, named)))
    return "\n".join(lines) + f"\n\n{_undecorated(definitions[0])}\n\n{call}\n"


def _is_import(node: ast.stmt) -> bool:
    if isinstance(node, ast.ImportFrom):
        return not (node.module or "").startswith(_NOT_TAKEN)
    return isinstance(node, ast.Import) and not any(each.name.startswith(_NOT_TAKEN) for each in node.names)


def _used_by(definition: ast.stmt, tree: ast.Module) -> list[ast.stmt]:
    """The module's functions, classes and assignments that it names, and those that these name."""
    defined = {name: node for node in tree.body for name in _names(node)}
    found: list[ast.stmt] = []
    open_nodes: list[ast.stmt] = [definition]
    while open_nodes:
        node = open_nodes.pop()
        used = {each.id for each in ast.walk(node) if isinstance(each, ast.Name)}
        new = [defined[name] for name in sorted(used & defined.keys()) if defined[name] not in found]
        found += new
        open_nodes += new
    return found


def _names(node: ast.stmt) -> list[str]:
    match node:
        case ast.FunctionDef(name=name) | ast.ClassDef(name=name):
            return [name]
        case ast.Assign(targets=targets):
            return [target.id for target in targets if isinstance(target, ast.Name)]
    return []


def _undecorated(node: ast.stmt) -> str:
    if isinstance(node, ast.FunctionDef):
        copied = ast.FunctionDef(**{name: getattr(node, name) for name in node._fields} | {"decorator_list": []})
        return ast.unparse(ast.fix_missing_locations(ast.copy_location(copied, node)))
    return ast.unparse(node)


def _written(arguments: Any, named: Any) -> tuple[list[ast.expr], list[ast.keyword]]:
    positional = [_expression(each) for each in arguments] if isinstance(arguments, list | tuple) else []
    keywords = [ast.keyword(name, _expression(each)) for name, each in named.items()] if isinstance(named, dict) else []
    return positional, keywords


def _expression(value: Any) -> ast.expr:
    return ast.parse(str(value) if hasattr(value, "zone") else repr(value), mode="eval").body
