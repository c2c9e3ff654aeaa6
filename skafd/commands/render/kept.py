"""Artifacts, models, lineage and metrics, as people read them."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from rich.text import Text

from skafd.looks.columns import Cell, joined, table
from skafd.looks.words import ago, clock_time
from skafd.units import format_memory

Json = dict[str, Any]
_SHORT = 12


def render_models(models: list[Json], width: int | None, now: datetime) -> Text:
    """A line for each version."""
    if not models:
        return Text("No models; a job saves one with ska.engine.save_model(name, bytes).")
    rows: list[Sequence[Cell]] = [
        [
            Text(one["name"], "bold"),
            one["version"],
            ", ".join(one["tags"]),
            one["access"],
            format_memory(one["size_bytes"]),
            ago(one["inserted_at"], now),
            one["task"] or "by hand",
        ]
        for one in models
    ]
    return joined(table(("MODEL", "VERSION", "TAGS", "ACCESS", "SIZE", "SAVED", "BY"), rows, width))


def render_model(model: Json, width: int | None, now: datetime) -> Text:
    """Everything of one version."""
    lines = [
        Text.assemble((model["name"], "bold"), "  ", model["version"], "  ", (", ".join(model["tags"]), "cyan")),
        Text(f"  saved       {clock_time(model['inserted_at'])}, {ago(model['inserted_at'], now)}"),
        Text(f"  by          {model['task'] or 'hand'}"),
        Text(f"  access      {model['access']}"),
        Text(f"  size        {format_memory(model['size_bytes'])}, sha256 {model['sha256']}"),
    ]
    if model["deployment"] is not None:
        lines.append(Text(f"  code        deployment #{model['deployment']}, {model['code'][:_SHORT]}"))
    if model["made_of"]:
        lines += [Text(""), Text("  the task that saved it has read", "bold")]
        lines += _inputs(model["made_of"], width, "  ")
    return joined(lines)


def render_kept(kept: Json, width: int | None) -> Text:
    """What a run kept and read, and of what its tasks were made."""
    lines = [Text(kept["run"], "bold")]
    if kept["artifacts"]:
        rows: list[Sequence[Cell]] = [
            [
                str(one["artifact"]),
                Text(one["name"], "bold"),
                one["type"] if one["form"] != "file" else "file",
                format_memory(one["size_bytes"]),
                one["sha256"][:_SHORT],
                _task(one["task"]) + (f" attempt {one['attempt']}" if one["attempt"] > 1 else ""),
            ]
            for one in kept["artifacts"]
        ]
        header = ("#", "NAME", "TYPE", "SIZE", "SHA256", "BY")
        lines += [Text(""), *_titled("kept", table(header, rows, width, "  "))]
    for step in kept["steps"]:
        lines += [Text(""), Text.assemble((_task(step["task"]), "bold"), "  ", (step["pathspec"], "dim"))]
        rows = [[Text(one["name"], "bold"), one["type"], format_memory(one["size_bytes"])] for one in step["artifacts"]]
        lines += table(("NAME", "TYPE", "SIZE"), rows, width, "  ") if rows else []
        lines += [Text(f"  card  {card}") for card in step["cards"]]
    if kept["models"]:
        rows = [
            [Text(one["name"], "bold"), one["version"], ", ".join(one["tags"]), _task(one["task"])]
            for one in kept["models"]
        ]
        lines += [Text(""), *_titled("models", table(("NAME", "VERSION", "TAGS", "BY"), rows, width, "  "))]
    if kept["inputs"]:
        lines += [Text(""), *_titled("read", _inputs(kept["inputs"], width, "  "))]
    if kept["records"]:
        rows = [
            [
                _task(one["task"]),
                one["code"][:_SHORT],
                (one["lock"] or one["environment"])[:_SHORT],
                one["parameters_hash"][:_SHORT],
                one["inputs_hash"][:_SHORT],
            ]
            for one in kept["records"]
        ]
        made_of = ("TASK", "CODE", "ENVIRONMENT", "PARAMETERS", "INPUTS")
        lines += [Text(""), *_titled("made of (equal hashes: equal things)", table(made_of, rows, width, "  "))]
    return joined(lines)


def render_metrics(found: Sequence[Json], slug: str, width: int | None) -> Text:
    """A line for each metric."""
    if not found:
        return Text(f"{slug} has reported nothing; a job does with ska.report(name, y).")
    rows: list[Sequence[Cell]] = [
        [Text(one["name"], "bold"), f"{one['runs']:,}", f"{one['points']:,}"] for one in found
    ]
    return joined(table(("METRIC", "RUNS", "POINTS"), rows, width))


def _titled(title: str, lines: list[Text]) -> list[Text]:
    return [Text(title, "bold"), *lines]


def _inputs(inputs: Sequence[Json], width: int | None, indent: str) -> list[Text]:
    rows: list[Sequence[Cell]] = [
        [_task(one["task"]), one["kind"], one["name"], one["version"], one["sha256"][:_SHORT], one["made_by"] or "hand"]
        for one in inputs
    ]
    return table(("TASK", "READ", "NAME", "VERSION", "SHA256", "MADE BY"), rows, width, indent)


def _task(name: str) -> str:
    """Without its run."""
    return name.split("/", 2)[-1] or "by hand"
