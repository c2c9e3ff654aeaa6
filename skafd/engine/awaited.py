"""What a job waits for from outside, in words."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta

from skafd.model.decisions import Gathered
from skafd.model.project import Job, Trigger
from skafd.units import format_duration


def awaited(job: Job, gathered: Iterable[Gathered], now: datetime) -> str:
    """`event a`, or of a set what is missing and what has come; empty for a job that waits for no event.

    `gathered` is what is kept for the job.
    """
    kept = {(one.together, one.member): one for one in gathered}
    sets: dict[str, list[Trigger]] = {}
    ways: list[str] = []
    for trigger in job.triggers:
        if trigger.together:
            sets.setdefault(trigger.together, []).append(trigger)
        else:
            ways.append(trigger.label)
    return " or ".join([*ways, *(_of_set(triggers, kept, now) for triggers in sets.values())])


def _of_set(triggers: list[Trigger], kept: Mapping[tuple[str, str], Gathered], now: datetime) -> str:
    within_seconds = triggers[0].within_seconds
    here = {one.label: kept[one.together, one.label] for one in triggers if (one.together, one.label) in kept}
    if within_seconds is not None:
        oldest = now - timedelta(seconds=within_seconds)
        here = {label: one for label, one in here.items() if one.at >= oldest}
    missing = " and ".join(one.label for one in triggers if one.label not in here)
    span = "" if within_seconds is None else f" within {format_duration(within_seconds)}"
    if not here:
        return missing + span
    came = ", ".join(f"{label} came at {one.at:%Y-%m-%d %H:%M:%S} UTC" for label, one in here.items())
    return f"{missing}{span}; {came}"
