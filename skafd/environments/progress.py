"""How far a tool is, from what it draws on a terminal."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum

_CONTROL = re.compile(r"\x1b\[[0-9;?]*[A-Za-z]")
_ENDS = re.compile(r"[\r\n]+")
_ALL = re.compile(r"Preparing packages\.\.\. \(\d+/\d+\)")
_BAR = re.compile(r"(\S+)\s+-+\s+([\d.]+) ?([KMGT]?i?B)/([\d.]+) ?([KMGT]?i?B)")
_COUNTED = re.compile(r"(?:\S+ \[|installed )(\d+)(?:/| of )(\d+)[\]:].*")
_DRAWN = re.compile(r"[\u2800-\u28ff\u2588\u2591]")
"""Spinners and bars begin with these."""
_UNITS = {"B": 1, "KiB": 2**10, "MiB": 2**20, "GiB": 2**30, "TiB": 2**40, "KB": 10**3, "MB": 10**6, "GB": 10**9}
_MOST_NAMED = 3


class Unit(StrEnum):
    """What is counted."""

    BYTES = "bytes"
    PACKAGES = "packages"


@dataclass(frozen=True, slots=True)
class Measure:
    """So much of the total of one step is done."""

    what: str
    done: int
    total: int
    unit: Unit

    @property
    def percent(self) -> int:
        """From 0 to 100."""
        return 100 * min(self.done, self.total) // self.total if self.total > 0 else 0


class Screen:
    """Takes what a tool writes to a terminal apart: lines that stay, and how far it is."""

    def __init__(self) -> None:
        self._rest = ""
        self._sizes: dict[str, tuple[int, int]] = {}

    def take(self, text: str) -> Iterator[str | Measure]:
        """What more text says. The last piece may be half a line: it waits for more."""
        *whole, self._rest = _ENDS.split(self._rest + text)
        for piece in whole:
            yield from self._understand(_CONTROL.sub("", piece).rstrip())

    def _understand(self, line: str) -> Iterator[str | Measure]:
        if _ALL.search(line):
            yield from self._downloads(line)
            return
        if line and not _DRAWN.match(line):
            yield line
        if measure := _counted(line):
            yield measure

    def _downloads(self, line: str) -> Iterator[Measure]:
        """Those that are shown no more have arrived."""
        bars = _BAR.findall(line)
        shown = {name: (_bytes(done, unit), _bytes(total, its)) for name, done, unit, total, its in bars}
        arrived = {name: (total, total) for name, (_, total) in self._sizes.items() if name not in shown}
        self._sizes |= arrived | shown
        if shown:
            more = f" and {len(shown) - _MOST_NAMED} more" if len(shown) > _MOST_NAMED else ""
            what = f"downloading {', '.join([*shown][:_MOST_NAMED])}{more}"
            done, total = (sum(sizes) for sizes in zip(*self._sizes.values(), strict=True))
            yield Measure(what, done, total, Unit.BYTES)


def _counted(line: str) -> Measure | None:
    found = _COUNTED.fullmatch(line.strip())
    return Measure("installing", int(found[1]), int(found[2]), Unit.PACKAGES) if found else None


def _bytes(number: str, unit: str) -> int:
    return int(float(number) * _UNITS.get(unit, 1))
