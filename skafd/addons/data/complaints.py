"""What an engine has against a query, in words that are the same for both."""

from __future__ import annotations

import re

_COLUMN = re.compile(r'Referenced (?:column|table) "(?P<name>[^"]*)" not found')
_COLUMN_OF = re.compile(r'Table "(?P<table>[^"]*)" does not have a column named "(?P<name>[^"]*)"')
_FUNCTION = re.compile(r"Function with name (?P<name>\S+) does not exist")


def no_column(name: str) -> str:
    """Of a name as the statement has it."""
    return f"there is no column {name}"


def no_function(name: str) -> str:
    """Likewise."""
    return f"there is no function {name}"


def one_line(error: Exception) -> str:
    """What DuckDB says, without the statement that it shows."""
    text = " ".join(str(error).split("\n\n")[0].split())
    if found := _COLUMN_OF.search(text):
        return no_column(f"{found['table']}.{found['name']}")
    if found := _COLUMN.search(text):
        return no_column(found["name"])
    found = _FUNCTION.search(text)
    return no_function(found["name"]) if found else text
