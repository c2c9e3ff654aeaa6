"""How the two sides of a build in another user's name speak to each other."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict
from typing import Any

from skafd.environments.progress import Measure, Unit
from skafd.model.environment import EnvironmentWish

_MEASURE = "\x1fmeasure "
"""Begins a line that no tool prints."""


def from_measure(measure: Measure) -> str:
    """A line that says how far a step is."""
    return _MEASURE + json.dumps(asdict(measure))


def to_measure(line: str) -> Measure | None:
    """What such a line says; None for any other line."""
    if not line.startswith(_MEASURE):
        return None
    try:
        values = json.loads(line.removeprefix(_MEASURE))
        return Measure(str(values["what"]), int(values["done"]), int(values["total"]), Unit(values["unit"]))
    except (ValueError, KeyError, TypeError):
        return None


def wish_of(values: Mapping[str, Any]) -> EnvironmentWish:
    """From what `asdict` made of one and JSON of that."""
    found: dict[str, Any] = {name: tuple(one) if isinstance(one, list) else one for name, one in values.items()}
    return EnvironmentWish(**found)
