"""What Spark calls a column that a statement gives no name: `count(1)`, `max(date)`, `(a + b)`, `col` of an explode."""

from __future__ import annotations

from sqlglot import exp

_HAVE_A_NAME = (exp.Alias, exp.Aliases, exp.Column, exp.Star, exp.Subquery, exp.Dot)
_NAME_OF_EXPLODED = "col"


def name_columns(root: exp.Expr) -> None:
    """Gives names to what every SELECT of the statement gives; before its tables are replaced."""
    for select in list(root.find_all(exp.Select)):
        if isinstance(select.parent, (exp.Exists, exp.In)):
            continue
        for given in list(select.expressions):
            if isinstance(given, exp.Paren) and isinstance(given.unnest(), exp.Column):
                # SELECT DISTINCT(movie_id)
                given.replace(given.unnest())
            elif not isinstance(given, _HAVE_A_NAME) and not (_is_explode(given) and _is_of_map(given)):
                given.replace(exp.alias_(given.copy(), _name(given), quoted=True))


def _name(given: exp.Expr) -> str:
    if _is_explode(given):
        return _NAME_OF_EXPLODED
    counted = given.copy()
    for count in list(counted.find_all(exp.Count)):
        if isinstance(count.this, exp.Star):
            count.set("this", exp.Literal.number(1))
    for literal in list(counted.find_all(exp.Literal)):
        if literal.is_string:
            literal.replace(exp.Var(this=literal.this))
    text = counted.sql("spark", normalize_functions="lower", identify=False)
    text = text.replace("`", "")
    return f"({text})" if isinstance(given, exp.Binary) and not isinstance(given, exp.Func) else text


def _is_explode(given: exp.Expr) -> bool:
    return isinstance(given, (exp.Explode, exp.Unnest))


def _is_of_map(given: exp.Expr) -> bool:
    return isinstance(given.this, exp.Map)
