"""`make promises` writes the tables of docs/reliability.md and README.md from docs/promises.toml."""

from __future__ import annotations

import tomllib
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
SOURCE = ROOT / "docs" / "promises.toml"
BEGIN, END = "<!-- from docs/promises.toml, by `make promises` -->\n", "<!-- end of what it wrote -->\n"
_OF_PROMISES = "tests/promises/"

Source = dict[str, list[dict[str, Any]]]


def main() -> None:
    """Writes both tables."""
    source = read()
    for page, table in tables(source).items():
        page.write_text(put_between(page.read_text(), table))


def read() -> Source:
    """The promises and what survives what."""
    return tomllib.loads(SOURCE.read_text())


def tables(source: Source) -> dict[Path, str]:
    """What stands between the marks of each page."""
    return {
        ROOT / "docs" / "reliability.md": promise_table(source["promise"]),
        ROOT / "README.md": survival_table(source["survival"]),
    }


def put_between(text: str, table: str) -> str:
    """The page with the table in the place of what stands between its marks. Raises ValueError where there are none."""
    before, begin, rest = text.partition(BEGIN)
    _, end, after = rest.partition(END)
    if not (begin and end):
        raise ValueError(f"there is no {BEGIN.strip()} with its end")
    return f"{before}{BEGIN}\n{table}\n{END}{after}"


def promise_table(promises: Iterable[dict[str, Any]]) -> str:
    """A row for each promise, with its tests and what was reached."""
    rows = [
        (one["number"], one["promise"], _tests(one["tests"]), one["reached"], f"{one['date']:%Y-%m-%d}")
        for one in promises
    ]
    return _table(("", "promise", "test (in `tests/promises/` where no folder is named)", "reached", "on"), rows)


def survival_table(survivals: Iterable[dict[str, Any]]) -> str:
    """A row for each thing that happens, with the promises that say so."""
    rows = [
        (one["event"], one["jobs"], one["recorded"], one["after"], ", ".join(one.get("promises", ())))
        for one in survivals
    ]
    return _table(
        (
            "what happens",
            "running jobs",
            "what is recorded",
            "what comes next",
            "[promise](docs/reliability.md#the-promises)",
        ),
        rows,
    )


def _tests(tests: Sequence[str]) -> str:
    """Those in the usual folder by their names alone."""
    return ", ".join(f"`{test.removeprefix(_OF_PROMISES)}`" for test in tests)


def _table(heads: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    lines = [heads, ["---"] * len(heads), *rows]
    return "".join(f"| {' | '.join(line)} |\n".replace("|  |", "| |") for line in lines)


if __name__ == "__main__":
    main()
