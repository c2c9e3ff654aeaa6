"""Metrics as pictures: in the terminal by plotext, as PNG or SVG by matplotlib, which is an extra."""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from skafd.errors import Refused

Json = dict[str, Any]
_WIDTH, _HEIGHT = 100, 22
_MOST_TICKS = 6
_COLOURS = ("blue+", "orange+", "green+", "red+", "magenta+", "cyan+")
_ESCAPES = re.compile(r"\x1b\[[0-9;]*m")


def plot_series(series: Sequence[Json], name: str, width: int | None) -> str:
    """A plot in characters, as wide as the terminal, and below it each series with its last value."""
    import plotext

    sentences = [_sentence(one, series) for one in series]
    if not any(_points(one)[0] for one in series):
        return "\n".join(sentences)
    plotext.clear_figure()
    plotext.theme("clear")
    plotext.plotsize(min(width or _WIDTH, _WIDTH), _HEIGHT)
    for number, one in enumerate(series):
        places, values, ticks = _points(one)
        if places:
            colour = _COLOURS[number % len(_COLOURS)] if width is not None else None
            plotext.plot(places, values, label=label_of(one, series), marker="braille", color=colour)
        if ticks:
            plotext.xticks(places[:: _step(places)], ticks[:: _step(places)])
    plotext.title(name)
    plotext.xlabel(_label(series, "x_label"))
    plotext.ylabel(_label(series, "y_label"))
    drawn = plotext.build()
    if width is None:
        drawn = "\n".join(line.rstrip() for line in _ESCAPES.sub("", drawn).splitlines())
    return "\n".join([drawn, "", *sentences])


def draw_picture(series: Sequence[Json], name: str, path: Path) -> None:
    """Writes a PNG or an SVG, by the ending of the path. Raises Refused without matplotlib."""
    try:
        import matplotlib as mpl
        from matplotlib.figure import Figure
    except ImportError:
        raise Refused("pictures need matplotlib", "install skafd with its extra: pip install 'skafd[plots]'") from None
    mpl.rcParams["svg.hashsalt"] = name
    figure = Figure(figsize=(8, 4.5), layout="constrained")
    axes = figure.subplots()
    for one in series:
        places, values, ticks = _points(one)
        axes.plot(ticks or places, values, label=label_of(one, series), marker="o" if len(places) < 30 else None)
    axes.set_title(name)
    axes.set_xlabel(_label(series, "x_label"))
    axes.set_ylabel(_label(series, "y_label"))
    axes.grid(alpha=0.3)
    if len(series) > 1:
        axes.legend()
    figure.savefig(path, metadata={"Date": None} if path.suffix == ".svg" else None)


def values_by_run(series: Sequence[Json], slug: str) -> list[Json]:
    """One line for each job: the last value of each run, by the run's number."""
    lines: dict[str, Json] = {}
    for one in series:
        numbers = [point["y"] for point in one["points"] if point["y"] is not None]
        job = one["task"].split("/", 2)[-1]
        line = lines.setdefault(job, {**one, "task": f"{slug}/{job}" if job else "", "x_label": "run", "points": []})
        if numbers:
            line["points"].append({"x": one["run"], "y": numbers[-1], "at": one["points"][-1]["at"]})
            line["count"] = len(line["points"])
    return list(lines.values())


def label_of(one: Json, among: Sequence[Json]) -> str:
    """Task, and attempt where a task has several; what was reported by hand has none."""
    same = [other for other in among if other["task"] == one["task"]]
    return (one["task"] or "by hand") + (f" attempt {one['attempt']}" if len(same) > 1 else "")


def _points(one: Json) -> tuple[list[float], list[float], list[str]]:
    """Places and values that are numbers; where places are texts they are counted, and the texts are the ticks."""
    known = [point for point in one["points"] if point["y"] is not None]
    if all(not isinstance(point["x"], str) for point in known):
        return [float(point["x"]) for point in known], [point["y"] for point in known], []
    places = [float(number) for number in range(1, len(known) + 1)]
    return places, [point["y"] for point in known], [str(point["x"]) for point in known]


def _step(places: Sequence[float]) -> int:
    return max(1, -(-len(places) // _MOST_TICKS))


def _label(series: Sequence[Json], which: str) -> str:
    return next((one[which] for one in reversed(series) if one[which]), "")


def _sentence(one: Json, among: Sequence[Json]) -> str:
    numbers = [point["y"] for point in one["points"] if point["y"] is not None]
    if not numbers:
        return f"{label_of(one, among)}: no numbers"
    return (
        f"{label_of(one, among)}: {one['count']:,} point{'' if one['count'] == 1 else 's'},"
        f" last {numbers[-1]:g}, lowest {min(numbers):g}, highest {max(numbers):g}"
    )
