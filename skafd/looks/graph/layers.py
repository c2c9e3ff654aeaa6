"""Which column a node of a graph stands in, and which row of it, so that few lines cross. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

_SWEEPS = 4


@dataclass(frozen=True, slots=True)
class Spot:
    """Where something stands: a node, or (with `layer` beyond the node's own) its line on the way past a column."""

    node: str
    layer: int


@dataclass(frozen=True, slots=True)
class Arrangement:
    """Columns of spots from top to bottom with the row of each, and the lines from one column to the next."""

    columns: Sequence[Sequence[Spot]]
    row_of: Mapping[Spot, int]
    lines: Sequence[Mapping[Spot, Sequence[Spot]]]
    """Of each column but the last: from a spot to those of the next column that it leads to."""


def arrange(dependencies: Mapping[str, Sequence[str]]) -> Arrangement:
    """Places each node right of all that it depends on. Nodes that are not keys, and circles, are passed over."""
    layer_of = _layers(dependencies)
    lines = _lines(dependencies, layer_of)
    columns = _columns(layer_of, lines)
    _uncross(columns, lines)
    return Arrangement(columns, _rows(columns, lines), lines)


def _layers(dependencies: Mapping[str, Sequence[str]]) -> dict[str, int]:
    """As many as the longest way from a root; without recursion, since chains may be long."""
    waiting = {node: {one for one in before if one in dependencies} for node, before in dependencies.items()}
    followers: dict[str, list[str]] = {node: [] for node in dependencies}
    for node, before in waiting.items():
        for one in before:
            followers[one].append(node)
    layer_of = dict.fromkeys((node for node, before in waiting.items() if not before), 0)
    ready = list(layer_of)
    for node in ready:
        for follower in followers[node]:
            waiting[follower].discard(node)
            if not waiting[follower]:
                layer_of[follower] = 1 + max(layer_of[one] for one in dependencies[follower] if one in layer_of)
                ready.append(follower)
    return {node: layer_of.get(node, 0) for node in dependencies}


def _lines(dependencies: Mapping[str, Sequence[str]], layer_of: Mapping[str, int]) -> list[dict[Spot, list[Spot]]]:
    """What leads farther than to the next column passes through each column between, once for each beginning."""
    lines: list[dict[Spot, list[Spot]]] = [{} for _ in range(max(layer_of.values(), default=0))]
    for node, before in dependencies.items():
        for one in dict.fromkeys(before):
            if one not in layer_of or layer_of[one] >= layer_of[node]:
                continue
            for layer in range(layer_of[one], layer_of[node]):
                following = Spot(one, layer + 1) if layer + 1 < layer_of[node] else Spot(node, layer + 1)
                there = lines[layer].setdefault(Spot(one, layer), [])
                if following not in there:
                    there.append(following)
    return lines


def _columns(layer_of: Mapping[str, int], lines: Sequence[Mapping[Spot, Sequence[Spot]]]) -> list[list[Spot]]:
    columns: list[list[Spot]] = [[] for _ in range(len(lines) + 1)]
    for node, layer in layer_of.items():
        columns[layer].append(Spot(node, layer))
    for layer, between in enumerate(lines):
        passing = (spot for there in between.values() for spot in there if layer_of[spot.node] != layer + 1)
        columns[layer + 1] += dict.fromkeys(passing)
    return columns


def _uncross(columns: list[list[Spot]], lines: Sequence[Mapping[Spot, Sequence[Spot]]]) -> None:
    """Sorts each column by where its neighbours stand, there and back some times."""
    backwards = [_turned(between) for between in lines]
    for _ in range(_SWEEPS):
        for layer in range(1, len(columns)):
            _sort(columns[layer], columns[layer - 1], backwards[layer - 1])
        for layer in range(len(columns) - 2, -1, -1):
            _sort(columns[layer], columns[layer + 1], lines[layer])


def _turned(between: Mapping[Spot, Sequence[Spot]]) -> dict[Spot, list[Spot]]:
    turned: dict[Spot, list[Spot]] = {}
    for spot, there in between.items():
        for one in there:
            turned.setdefault(one, []).append(spot)
    return turned


def _sort(column: list[Spot], others: Sequence[Spot], neighbours: Mapping[Spot, Sequence[Spot]]) -> None:
    place = {spot: number for number, spot in enumerate(others)}
    here = {spot: number for number, spot in enumerate(column)}

    def middle(spot: Spot) -> float:
        found = [place[one] for one in neighbours.get(spot, ())]
        return sum(found) / len(found) if found else here[spot]

    column.sort(key=middle)


def _rows(columns: Sequence[Sequence[Spot]], lines: Sequence[Mapping[Spot, Sequence[Spot]]]) -> dict[Spot, int]:
    """In the order of the column, as near to the middle of what leads there as there is room."""
    row_of: dict[Spot, int] = {}
    for layer, column in enumerate(columns):
        before = _turned(lines[layer - 1]) if layer else {}
        following = 0
        for spot in column:
            rows = sorted(row_of[one] for one in before.get(spot, ()))
            wanted = rows[(len(rows) - 1) // 2] if rows else following
            row_of[spot] = max(following, wanted)
            following = row_of[spot] + 1
    return row_of
