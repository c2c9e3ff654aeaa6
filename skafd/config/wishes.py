"""What a job or the top of a file says of environments: interpreter, requirements, the day to resolve with."""

from __future__ import annotations

import re
from datetime import date
from pathlib import Path
from typing import Any

from skafd.config.nodes import Node, quote
from skafd.config.problems import Code, Problems
from skafd.config.shapes import Entry, Text
from skafd.config.tables import Entries
from skafd.model.environment import AUTO, EnvironmentWish

AS_OF = Text("a day such as 2018-11-01, or `auto`", re.compile(r"\d{4}-\d{2}-\d{2}|auto"))


def build_wish(entries: Entries, folder: Path | None, problems: Problems) -> EnvironmentWish:
    """What these entries say; files that are not there and days that do not exist are noted."""
    requirements = _value(entries, "requirements")
    conda_file = _value(entries, "environment")
    wish = EnvironmentWish(
        python=_value(entries, "python"),
        requirements_file=requirements if isinstance(requirements, str) else None,
        packages=tuple(item.value for item in requirements) if isinstance(requirements, tuple) else None,
        conda_file=conda_file if isinstance(conda_file, str) else None,
        resolve_as_of=_day(entries.get("resolve_as_of"), problems),
    )
    if folder is not None and wish.requirements_file is not None:
        hint = "create it, or write the requirements themselves as a list: `requirements: [pandas, numpy]`"
        _check_file(wish.requirements_file, entries["requirements"].node, hint, folder, problems)
    if folder is not None and wish.conda_file is not None:
        hint = "create it; variables are written as `env: {NAME: value}`"
        _check_file(wish.conda_file, entries["environment"].node, hint, folder, problems)
    return wish


def _day(entry: Entry | None, problems: Problems) -> str | None:
    if entry is None or entry.value == AUTO:
        return None if entry is None else AUTO
    try:
        return date.fromisoformat(entry.value).isoformat()
    except ValueError:
        problems.error(Code.VALUE, entry.node, f"{quote(entry.value)} is no day of the calendar")
        return None


def _check_file(path: str, node: Node, hint: str, folder: Path, problems: Problems) -> None:
    place = (folder / path).resolve()
    if not place.is_relative_to(folder.resolve()):
        problems.error(Code.VALUE, node, f"{quote(path)} is outside the project's folder", "move it into the folder")
    elif not place.is_file():
        problems.error(Code.MISSING_FILE, node, f"there is no file {quote(path)} in the project", hint)


def _value(entries: Entries, key: str) -> Any:
    return entries[key].value if key in entries else None
