"""The parameters that a run is given of the events that set it off."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from skafd.engine.board import Live
from skafd.model.decisions import Happened
from skafd.model.parameters import has_type
from skafd.model.project import Parameter, Trigger


def given_by(live: Live, event: Happened, triggers: Iterable[Trigger]) -> tuple[dict[str, str], str]:
    """What an event brings, as far as the project declares it; and what is wrong with that."""
    declared = [parameter for job in live.graph.jobs.values() for parameter in job.parameters]
    brought = dict(event.parameters)
    given: dict[str, str] = {}
    for trigger in triggers:
        renamed = {name: brought[field] for name, field in trigger.fields if field in brought}
        given |= dict(trigger.parameters) | brought | renamed
    known = {parameter.name for parameter in declared}
    found = {name: value for name, value in given.items() if name in known}
    return found, _misfit(declared, found)


def _misfit(declared: Iterable[Parameter], given: Mapping[str, str]) -> str:
    for parameter in declared:
        value = given.get(parameter.name)
        if value is not None and not has_type(parameter.type, value):
            return f"its parameter {parameter.name} is of type {parameter.type}, which {value!r:.100} is not"
    return ""
